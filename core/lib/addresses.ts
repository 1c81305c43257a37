import type net from 'node:net';
import { lazy, loadNodeModule } from './node-modules.ts';

/** Whether a host, as in `URL.hostname`, is this machine whatever the network. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

const nodeNet = lazy(() => loadNodeModule('node:net') as typeof net);

/** Addresses that cannot be reached from the internet (RFC 1918, 6598, 3927, 4193, 4291), and those of this machine. */
const privateRanges: readonly (readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

const privateList = lazy(() => addressList(privateRanges));

/** Whether an IP address is a private one. An IPv6 address that contains an IPv4 address (`::ffff:10.0.0.1`) is like it. */
export function isPrivateAddress(address: string): boolean {
  return isInList(privateList(), address);
}

/** The IP address of a host, as in `URL.hostname`; undefined for a name. */
export function addressOf(hostname: string): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '');
  return nodeNet().isIP(address) === 0 ? undefined : address;
}

/** Whether an IP address is in a range such as `10.0.0.0/8` or `10.0.0.1-10.0.0.9`; false if either is invalid. */
export function isInRange(address: string, range: string): boolean {
  const [, start = '', length, end = ''] = /^([^/-]+)(?:\/(\d{1,3})|-(.+))$/.exec(range) ?? [];
  const family = nodeNet().isIPv4(start) ? 'ipv4' : 'ipv6';
  if (nodeNet().isIP(start) === 0) return false;
  if (length !== undefined) {
    const prefix = Number(length);
    return prefix <= (family === 'ipv4' ? 32 : 128) && isInList(addressList([[start, prefix, family]]), address);
  }
  if (nodeNet().isIP(end) !== nodeNet().isIP(start)) return false;
  const list = new (nodeNet().BlockList)();
  try {
    list.addRange(start, end, family);
  } catch {
    // It ends before it starts.
    return false;
  }
  return isInList(list, address);
}

function addressList(ranges: typeof privateRanges): net.BlockList {
  const list = new (nodeNet().BlockList)();
  for (const range of ranges) list.addSubnet(...range);
  return list;
}

function isInList(list: net.BlockList, address: string): boolean {
  // With the name of an interface, as in `fe80::1%eth0`.
  const [plain = ''] = address.split('%');
  return list.check(plain, nodeNet().isIPv4(plain) ? 'ipv4' : 'ipv6');
}
