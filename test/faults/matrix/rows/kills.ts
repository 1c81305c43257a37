import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Row } from '../trial.ts';
import { steps, type KilledTask, type Step } from '../killed-worker.ts';

const worker = fileURLToPath(new URL('../killed-worker.ts', import.meta.url));
/** From the partner's rotation until the new tokens are on disk. */
const afterRotation: readonly Step[] = ['request sent', 'response received'];

const killAt = (step: Step, graceTime: number): Row => {
  const isUnrecoverable = afterRotation.includes(step) && graceTime === 0;
  const grace = afterRotation.includes(step) ? `, ${graceTime > 0 ? 'grace time' : 'no grace'}` : '';
  return {
    name: `kill -9, ${step}${grace}`,
    reported: isUnrecoverable ? '`refreshInterrupted` in the next program; sign in again' : 'nothing',
    sandbox: { graceTime },
    ...(isUnrecoverable && { unrecoverable: ['refreshInterrupted'] }),
    async inject(fixture) {
      const { sandbox, partner, file, proxy } = fixture;
      await fixture.session.close();
      // The partners' profiles differ in these two fields.
      const profile: { partnerCode?: string; cipher?: KilledTask['options']['cipher'] } = sandbox.profiles[partner];
      const { partnerCode, cipher } = profile;
      const options = { partner, partnerCode, cipher, baseUrl: `http://127.0.0.1:${proxy.port}` };
      const task: KilledTask = { file, options, step };
      if (step === 'request sent') sandbox.set({ delay: 60_000 });
      const before = fixture.refreshCount();
      const child = fork(worker, [JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
      const exited = once(child, 'exit');
      const reached = step === 'request sent' ? until(() => fixture.refreshCount() > before) : once(child, 'message');
      await Promise.race([
        reached,
        exited.then(() => Promise.reject(new Error(`The worker exited too early: ${output}`))),
      ]);
      child.kill('SIGKILL');
      await exited;
      sandbox.set({ delay: 0 });
      fixture.scanner.addOutput('program output', output);
      await fixture.restart();
      return undefined;
    },
  };
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const killRows: readonly Row[] = steps.flatMap((step) =>
  afterRotation.includes(step) ? [killAt(step, 600), killAt(step, 0)] : [killAt(step, 0)],
);
