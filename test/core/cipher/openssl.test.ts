import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { withOpenssl } from '../../helpers/platform.ts';
import { createCipher, type CipherSettings } from '../../../core/index.ts';

const sizes = [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 175, 176, 191, 192, 193, 255, 256, 257];
const largeSizes = [511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 65_535, 65_536, 300_000];
const batchSize = 8;

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
            new Error('This test requires the openssl command line, which is not installed (apt install openssl).'),
          );
        } else reject(new Error(`openssl failed: ${stderr.toString('utf8')}`));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const encArguments = ({ key, iv, output }: Case, direction: '-e' | '-d'): string[] => [
  'enc',
  '-aes-256-cbc',
  direction,
  '-K',
  key.toString('hex'),
  '-iv',
  iv.toString('hex'),
  // openssl can write base64, but not hex.
  ...(output === 'base64' ? ['-a', '-A'] : []),
];

/** Runs several processes at a time, because most of the time goes into starting them. */
async function runInBatches(cases: readonly Case[], run: (sample: Case) => Promise<void>): Promise<void> {
  for (let at = 0; at < cases.length; at += batchSize) await Promise.all(cases.slice(at, at + batchSize).map(run));
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

describe('cipher and openssl enc -aes-256-cbc', withOpenssl, () => {
  for (const output of ['hex', 'hex-upper', 'base64'] as const) {
    it(`produce the same ${output} with a fixed IV and decrypt each other's messages`, async () => {
      await runInBatches(makeCases(output, 'fixed'), async (sample) => {
        const cipher = cipherFor(sample);
        const theirs = await openssl(encArguments(sample, '-e'), sample.text);
        const encoded = output === 'base64' ? theirs.toString('ascii') : theirs.toString('hex');
        const ours = cipher.encrypt(sample.text);
        assert.equal(ours, output === 'hex-upper' ? encoded.toUpperCase() : encoded, sample.title);
        assert.equal(cipher.decrypt(encoded), sample.text, sample.title);
        const input = output === 'base64' ? ours : Buffer.from(ours, 'hex');
        assert.equal((await openssl(encArguments(sample, '-d'), input)).toString('utf8'), sample.text, sample.title);
      });
    });
  }

  it("decrypt each other's messages with a random IV as prefix", async () => {
    // Only hex, because openssl cannot cut the prefix off a base64 string.
    await runInBatches(makeCases('hex', 'prefix'), async (sample) => {
      const cipher = cipherFor(sample);
      const theirs = await openssl(encArguments(sample, '-e'), sample.text);
      assert.equal(cipher.decrypt(Buffer.concat([sample.iv, theirs]).toString('hex')), sample.text, sample.title);
      const ours = Buffer.from(cipher.encrypt(sample.text), 'hex');
      const plaintext = await openssl(encArguments({ ...sample, iv: ours.subarray(0, 16) }, '-d'), ours.subarray(16));
      assert.equal(plaintext.toString('utf8'), sample.text, sample.title);
    });
  });

  it('both refuse a ciphertext with a flipped bit in its padding', async () => {
    const [sample] = makeCases('hex', 'fixed').slice(-1) as [Case];
    const ciphertext = await openssl(encArguments(sample, '-e'), sample.text);
    // In CBC, flipping a bit in one block flips the same bit of the next plain block: here of the last padding byte.
    ciphertext[ciphertext.length - 17] = (ciphertext.at(-17) as number) ^ 0x40;
    await assert.rejects(openssl(encArguments(sample, '-d'), ciphertext), /bad decrypt/);
    assert.throws(() => cipherFor(sample).decrypt(ciphertext.toString('hex')), { code: 'cipher' });
  });
});
