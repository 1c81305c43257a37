import type dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPrivateAddress } from '../lib/addresses.ts';
import { configurationError } from '../lib/errors.ts';
import { plainLine } from '../lib/plain-line.ts';
import { ConnectError } from './failure.ts';

/** Looks up host names, and returns private addresses only. It fails if a name has none. */
export function privateLookup(modules: { readonly dns: typeof dns }): LookupFunction {
  return (hostname, options, callback) => {
    modules.dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const addresses = found.filter(({ address }) => isPrivateAddress(address));
      const [first] = addresses;
      if (first === undefined) callback(publicAddressError(hostname, found[0]?.address ?? ''), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function publicAddressError(hostname: string, address: string): ConnectError {
  const message = `allowHttp is for private addresses, and ${plainLine(hostname, 80)} has the address ${plainLine(address, 80)}. Nothing was sent. Use https in baseUrl.`;
  const error = configurationError('allowHttp', message);
  return new ConnectError({ kind: 'failure', error, mayHaveArrived: false, isTransient: false });
}
