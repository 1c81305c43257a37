/** What is used of esbuild's metafile. */
export interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

export interface Piece {
  readonly name: string;
  readonly size: number;
  /** Of the whole, 0 to 1. */
  readonly share: number;
}

/** How much of the bundle each package takes, largest first; own code by its top folders. */
export function sizeByPackage({ outputs }: Metafile): Piece[] {
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = pieceOf(path);
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const whole = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return [...sizes].map(([name, size]) => ({ name, size, share: size / whole })).sort((a, b) => b.size - a.size);
}

function pieceOf(path: string): string {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  if (inPackage !== undefined) return inPackage;
  const [, folder] = /^(core\/sandbox|core|extension)\//.exec(path) ?? [];
  return folder === undefined ? 'glue' : `${folder}/`;
}
