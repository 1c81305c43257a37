import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../helpers/tarball.ts';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(root, name), 'utf8'));
const { packages } = (await read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

describe('package.json', () => {
  it('pins every dependency to an exact version', async () => {
    const { dependencies, devDependencies, optionalDependencies } = (await read('package.json')) as Manifest;
    for (const version of Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      assert.match(version, /^\d+\.\d+\.\d+$/);
  });
});

describe('package-lock.json', () => {
  // Otherwise `npm ci` fails offline with "Missing: … from lock file" for packages of other platforms.
  it('contains the packages of every platform', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it('contains a digest of every package, and no registry URL', () => {
    for (const [path, { integrity, resolved }] of Object.entries(packages)) {
      if (path === '') continue;
      assert.ok(integrity?.startsWith('sha512-'), path);
      assert.equal(resolved, undefined, path);
    }
  });
});
