// A program that uses the installed package: signs in at the sandbox, refreshes, signs out, and encrypts.
import { createCipher, isPartnerAuthError, openSession } from 'partner-auth';
import { startGateway } from 'partner-auth/gateway';
import { startSandbox } from 'partner-auth/sandbox';
import { fakeSession } from 'partner-auth/testing';

const sandbox = await startSandbox({ https: true });
const report = {};
for (const profile of Object.values(sandbox.profiles)) {
  const session = await openSession({ ...profile });
  await session.login({ ...profile.credentials });
  const before = await session.accessToken();
  await session.refresh();
  const gateway = await startGateway(session);
  const called = await fetch(`${gateway.url}/no/such/path`);
  await gateway.close();
  report[profile.partner] = {
    called: called.status,
    phase: session.status.phase,
    rotated: (await session.accessToken()) !== before || profile.partner === 'cloudreve',
    revoked: (await session.signOut()).revoked,
  };
  await session.close();
}
const cipher = createCipher(sandbox.profiles.tconnect.cipher);
const short = 'Xin chào 👋';
const long = short.repeat(1000);
report.cipher = [short, long].every((text) => cipher.decrypt(cipher.encrypt(text)) === text);
report.fake = await fakeSession({ fail: 'network' }).refresh().catch(isPartnerAuthError);
await sandbox.close();
console.log(JSON.stringify(report));
