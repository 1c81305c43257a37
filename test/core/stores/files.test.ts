import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whileShared } from '../../../core/stores/files.ts';

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

describe('a file operation on Windows', () => {
  for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
    it(`is repeated while another process has the file open (${code})`, async () => {
      let attempts = 0;
      const operation = (): Promise<string> =>
        ++attempts < 4 ? Promise.reject(systemError(code)) : Promise.resolve('done');
      assert.equal(await whileShared(operation, 'win32'), 'done');
      assert.equal(attempts, 4);
    });
  }

  it('fails with its error if the file stays open', async () => {
    await assert.rejects(
      whileShared(() => Promise.reject(systemError('EPERM')), 'win32'),
      { code: 'EPERM' },
    );
  });

  it('is not repeated for another error, nor on another system', async () => {
    for (const [code, platform] of [
      ['ENOENT', 'win32'],
      ['EPERM', 'linux'],
    ] as const) {
      let attempts = 0;
      const operation = (): Promise<never> => {
        attempts++;
        return Promise.reject(systemError(code));
      };
      await assert.rejects(whileShared(operation, platform), { code });
      assert.equal(attempts, 1);
    }
  });
});
