import { posix } from 'node:path';

interface Manifest {
  readonly version: string;
  readonly repository?: string | { readonly url?: string };
}

/**
 * `extension/README.md` as it can be read outside the repository: links and pictures lead to the repository's public address.
 * A manifest without one (the release workflow sets it) leaves only the titles of links, and no pictures.
 */
export function marketplacePage(page: string, { repository, version }: Manifest): string {
  const address = typeof repository === 'object' ? repository.url : repository;
  const [, slug] = /github(?:\.com\/|:)([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(address ?? '') ?? [];
  const relative = /(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)/g;
  if (slug === undefined) {
    return page
      .replace(relative, (_, mark: string, title: string) => (mark === '' ? title : ''))
      .replace(/\n{3,}/g, '\n\n');
  }
  return page.replace(relative, (_, mark: string, title: string, target: string) => {
    const path = posix.join('extension', target);
    const base = mark === '' ? `https://github.com/${slug}/blob` : `https://raw.githubusercontent.com/${slug}`;
    return `${mark}[${title}](${base}/v${version}/${path})`;
  });
}
