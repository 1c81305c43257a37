import type { WorkbenchWindow } from './window.ts';

/** What a screen reader gets for one element. */
export interface AccessibleNode {
  readonly role: string;
  readonly name: string;
  readonly description: string;
}

/** The accessibility tree of a window as the browser hands it to screen readers, without what it hides from them. */
export async function accessibilityTree({ page }: WorkbenchWindow): Promise<AccessibleNode[]> {
  const client = await page.context().newCDPSession(page);
  try {
    const { nodes } = await client.send('Accessibility.getFullAXTree');
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, description }) => ({
        role: String(role?.value ?? ''),
        name: String(name?.value ?? ''),
        description: String(description?.value ?? ''),
      }));
  } finally {
    await client.detach();
  }
}
