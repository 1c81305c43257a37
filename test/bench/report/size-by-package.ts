/** The used part of esbuild's metafile. */
export interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

export interface PackageSize {
  readonly name: string;
  readonly size: number;
  /** Of the bundle, 0 to 1. */
  readonly share: number;
}

/** The size of each package in the bundle, largest first. Code of this repository counts by its top folders. */
export function sizeByPackage({ outputs }: Metafile): PackageSize[] {
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = packageOf(path);
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return [...sizes].map(([name, size]) => ({ name, size, share: size / total })).sort((a, b) => b.size - a.size);
}

function packageOf(path: string): string {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  if (inPackage !== undefined) return inPackage;
  const [, folder] = /^(core\/sandbox|core|extension)\//.exec(path) ?? [];
  return folder === undefined ? 'glue' : `${folder}/`;
}
