import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imagePage } from '../../../extension/view/image-page.ts';

const image = {
  title: 'Captcha from Drive',
  alt: 'Image of a text to type, from Drive',
  hint: 'Type the text of this image into the field at the top.',
  dataUri: 'data:image/png;base64,iVBORw0KGgo=',
};

describe('imagePage', () => {
  const page = imagePage(image, 'a-nonce');

  it('shows the image with a text for screen readers, and what to do', () => {
    assert.match(page, /<img alt="Image of a text to type, from Drive" src="data:image\/png;base64,iVBORw0KGgo=">/);
    assert.match(page, /<figcaption>Type the text of this image into the field at the top\.<\/figcaption>/);
  });

  it('allows its own style and the image, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    assert.equal(policy, "default-src 'none'; img-src data:; style-src 'nonce-a-nonce'");
    assert.equal(page.match(/<style nonce="a-nonce">/g)?.length, 1);
    assert.doesNotMatch(page, /\sstyle=|<script|<link|url\(/);
  });

  for (const dataUri of [
    'https://example.com/a.png',
    'data:text/html;base64,AAAA',
    'data:image/png;base64,A" onload="x',
  ]) {
    it(`does not show ${dataUri}`, () => {
      assert.match(imagePage({ ...image, dataUri }, 'n'), / src="">/);
    });
  }

  it('shows names from outside as text', () => {
    const hostile = imagePage({ ...image, title: '</title><script>', alt: '"><b>', hint: '<i>&' }, 'n');
    assert.doesNotMatch(hostile, /<script|<b>|<i>|&[^#]/);
  });
});
