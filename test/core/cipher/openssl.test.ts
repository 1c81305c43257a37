import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { createCipher, type CipherSettings } from '../../../core/index.ts';

const sizes = [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 175, 176, 191, 192, 193, 255, 256, 257];
const largeSizes = [511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 65_535, 65_536, 300_000];
const atOnce = 8;

interface Case {
  readonly title: string;
  readonly text: string;
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly output: 'hex' | 'hex-upper' | 'base64';
  readonly rule: 'fixed' | 'prefix';
}

const letters = `aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậỄỆỡợữự {}":,\\\n0123456789\0`
  .split('')
  .concat('👋', '🇻🇳', '👩‍💻', '한');

/** Random text of exactly `size` UTF-8 bytes. */
function randomText(size: number): string {
  let text = '';
  let left = size;
  while (left > 0) {
    const next = letters[randomInt(letters.length)] ?? 'a';
    const length = Buffer.byteLength(next);
    if (length > left) {
      text += 'x'.repeat(left);
      break;
    }
    text += next;
    left -= length;
  }
  return text;
}

function openssl(args: readonly string[], input: Buffer | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'openssl',
      args,
      { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.code === 'ENOENT') {
          reject(
            new Error('This test needs the openssl command line, which is not on this machine (apt install openssl).'),
          );
        } else reject(new Error(`openssl failed: ${stderr.toString('utf8')}`));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const enc = ({ key, iv, output }: Case, direction: '-e' | '-d'): string[] => [
  'enc',
  '-aes-256-cbc',
  direction,
  '-K',
  key.toString('hex'),
  '-iv',
  iv.toString('hex'),
  // Base64 is left to openssl too; hex it can not write.
  ...(output === 'base64' ? ['-a', '-A'] : []),
];

/** Several processes at a time: one after the other takes most of its time in starting them. */
async function inBatches(cases: readonly Case[], run: (one: Case) => Promise<void>): Promise<void> {
  for (let at = 0; at < cases.length; at += atOnce) await Promise.all(cases.slice(at, at + atOnce).map(run));
}

function makeCases(output: Case['output'], rule: Case['rule']): Case[] {
  return [...sizes, ...largeSizes].map((size) => ({
    title: `${size} bytes, ${output}, IV ${rule}`,
    text: randomText(size),
    key: randomBytes(32),
    iv: randomBytes(16),
    output,
    rule,
  }));
}

function cipherFor({ key, iv, output, rule }: Case) {
  const settings: CipherSettings = {
    key,
    iv: rule === 'fixed' ? { from: 'fixed', value: iv } : { from: 'prefix' },
    output,
  };
  return createCipher(settings);
}

describe('cipher and openssl enc -aes-256-cbc', () => {
  for (const output of ['hex', 'hex-upper', 'base64'] as const) {
    it(`give the same ${output} with a fixed IV and read each other`, async () => {
      await inBatches(makeCases(output, 'fixed'), async (one) => {
        const cipher = cipherFor(one);
        const theirs = await openssl(enc(one, '-e'), one.text);
        const encoded = output === 'base64' ? theirs.toString('ascii') : theirs.toString('hex');
        const ours = cipher.encrypt(one.text);
        assert.equal(ours, output === 'hex-upper' ? encoded.toUpperCase() : encoded, one.title);
        assert.equal(cipher.decrypt(encoded), one.text, one.title);
        const input = output === 'base64' ? ours : Buffer.from(ours, 'hex');
        assert.equal((await openssl(enc(one, '-d'), input)).toString('utf8'), one.text, one.title);
      });
    });
  }

  it('read each other with a random IV in front', async () => {
    // Hex alone: openssl can not cut the prefix off a base64 text.
    await inBatches(makeCases('hex', 'prefix'), async (one) => {
      const cipher = cipherFor(one);
      const theirs = await openssl(enc(one, '-e'), one.text);
      assert.equal(cipher.decrypt(Buffer.concat([one.iv, theirs]).toString('hex')), one.text, one.title);
      const ours = Buffer.from(cipher.encrypt(one.text), 'hex');
      const opened = await openssl(enc({ ...one, iv: ours.subarray(0, 16) }, '-d'), ours.subarray(16));
      assert.equal(opened.toString('utf8'), one.text, one.title);
    });
  });

  it('both refuse a ciphertext with a flipped bit in its padding', async () => {
    const [one] = makeCases('hex', 'fixed').slice(-1) as [Case];
    const sealed = await openssl(enc(one, '-e'), one.text);
    // In CBC a bit flipped in one block flips the same bit of the next plain block: here the padding's last byte.
    sealed[sealed.length - 17] = (sealed.at(-17) as number) ^ 0x40;
    await assert.rejects(openssl(enc(one, '-d'), sealed), /bad decrypt/);
    assert.throws(() => cipherFor(one).decrypt(sealed.toString('hex')), { code: 'cipher' });
  });
});
