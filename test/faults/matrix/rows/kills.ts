import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Row } from '../trial.ts';
import { steps, type KilledTask, type Step } from '../killed-worker.ts';

const worker = fileURLToPath(new URL('../killed-worker.ts', import.meta.url));
/** From the partner's rotation until the answer is on disk. */
const inDoubt: readonly Step[] = ['partner asked', 'answered'];

const kill = (step: Step, graceTime: number): Row => {
  const lost = inDoubt.includes(step) && graceTime === 0;
  const grace = inDoubt.includes(step) ? `, ${graceTime > 0 ? 'grace time' : 'no grace'}` : '';
  return {
    name: `kill -9: ${step}${grace}`,
    told: lost ? '`refreshInterrupted` in the next program; sign in again' : 'nothing',
    sandbox: { graceTime },
    ...(lost && { unsavable: ['refreshInterrupted'] }),
    async provoke(scene) {
      const { sandbox, partner, file, line } = scene;
      await scene.session.close();
      // Read through a type without the partners' differences.
      const profile: { partnerCode?: string; cipher?: KilledTask['options']['cipher'] } = sandbox.profiles[partner];
      const { partnerCode, cipher } = profile;
      const options = { partner, partnerCode, cipher, baseUrl: `http://127.0.0.1:${line.port}` };
      const task: KilledTask = { file, options, step };
      if (step === 'partner asked') sandbox.set({ delay: 60_000 });
      const before = scene.refreshes();
      const child = fork(worker, [JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)));
      const exited = once(child, 'exit');
      const reached = step === 'partner asked' ? until(() => scene.refreshes() > before) : once(child, 'message');
      await Promise.race([reached, exited.then(() => Promise.reject(new Error(`ended too early: ${output}`)))]);
      child.kill('SIGKILL');
      await exited;
      sandbox.set({ delay: 0 });
      scene.places.add('output of a program', output);
      await scene.restart();
      return undefined;
    },
  };
};

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export const killRows: readonly Row[] = steps.flatMap((step) =>
  inDoubt.includes(step) ? [kill(step, 600), kill(step, 0)] : [kill(step, 0)],
);
