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

const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

describe('package-lock.json', () => {
  // Otherwise `npm ci` stops with "Missing: … from lock file" where a package for another platform can not be looked up.
  it('holds the packages of every platform', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it('holds a digest of every package, and the address of no registry', () => {
    for (const [path, { integrity, resolved }] of Object.entries(packages)) {
      if (path === '') continue;
      assert.ok(integrity?.startsWith('sha512-'), path);
      assert.equal(resolved, undefined, path);
    }
  });
});
