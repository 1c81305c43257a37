import { commands as vscodeCommands, window } from 'vscode';
import type { CheckedProfile } from '../../core/profiles/index.ts';
import type { App, Disposable } from '../model/app.ts';
import { contextKeys } from '../model/ids.ts';
import { explainError } from '../model/messages.ts';
import { compactView } from '../view/compact-view.ts';
import { signingInView, statusView } from '../view/status-view.ts';
import { tooltip } from '../view/tooltip.ts';
import type { ProfileSettings } from './profile-settings.ts';
import { formatTime, type StatusItem } from './status-item.ts';

const minute = 60_000;
/** Milliseconds after activation without a call to a partner, so that other extensions can start first. */
const startupDelay = 15_000;

export interface StatusControllerOptions {
  readonly app: App;
  readonly profiles: ProfileSettings;
  readonly item: StatusItem;
  readonly autoRefresh: () => boolean;
  /** Whether the status item shows only what fits next to its icon. */
  readonly compact: () => boolean;
  readonly sandboxRunning: () => boolean;
}

/**
 * Updates the status item and the context keys on every change, once a minute, and when the window regains focus, as it
 * does after sleep. Opens sessions that are due, so that they refresh themselves.
 */
export function statusController({
  app,
  profiles,
  item,
  autoRefresh,
  compact,
  sandboxRunning,
}: StatusControllerOptions): Disposable & {
  update(): void;
  check(): void;
  /** Shows whether a sign-in to a profile is running. */
  showSigningIn(profileId: string, isRunning: boolean): void;
} {
  const { sessions, t, now } = app;
  const start = performance.now();
  const reported = new Set<string>();
  const signingIn = new Set<string>();
  const context = new Map<string, boolean>();

  const setContext = (key: string, value: boolean): void => {
    if (context.get(key) === value) return;
    context.set(key, value);
    void vscodeCommands.executeCommand('setContext', key, value);
  };

  function update(): void {
    const profile = profiles.active();
    const status = profile && sessions.status(profile);
    const isSigningIn = profile !== undefined && signingIn.has(profile.id);
    const view = isSigningIn
      ? signingInView(profile, t)
      : statusView(profile, status ?? { phase: 'signedOut', refreshing: false, storage: 'kept' }, now(), t);
    item.show(
      compact() && !isSigningIn ? compactView(view, status, now(), t) : view,
      profile && status && tooltip(profile, status, now(), t, formatTime),
    );
    setContext(contextKeys.hasProfile, profile !== undefined);
    setContext(contextKeys.signedIn, status !== undefined && status.phase !== 'signedOut');
    setContext(contextKeys.sandboxRunning, sandboxRunning());
  }

  /** Only a user can replace a session that has ended: notifies once, and only for the active profile. */
  function notifySessionEnd(profile: CheckedProfile): void {
    const { phase, lastError, issuedAt } = sessions.status(profile);
    if (phase !== 'ended' || lastError === undefined || profile.id !== profiles.active()?.id) return;
    const key = `${profile.id} ${issuedAt ?? 0}`;
    if (reported.has(key)) return;
    reported.add(key);
    void app.ui.notify(explainError(lastError, profile.label, t), 'warning', profile.id);
  }

  function tick(): void {
    update();
    if (!autoRefresh() || performance.now() - start < startupDelay) return;
    for (const profile of profiles.list()) {
      const { phase } = sessions.status(profile);
      if (phase !== 'due' && phase !== 'expired') continue;
      sessions.open(profile).catch((error: unknown) => {
        app.log.warn(`${profile.label}: ${error instanceof Error ? error.message : 'could not be opened'}`);
      });
    }
  }

  let timer: NodeJS.Timeout | undefined;
  /** On the full minute, like the timers of the sessions, so that the window wakes up only once. */
  const scheduleTick = (): void => {
    timer = setTimeout(
      () => {
        scheduleTick();
        tick();
      },
      minute - (now() % minute),
    );
  };
  scheduleTick();
  const listeners: Disposable[] = [
    window.onDidChangeWindowState(({ focused }) => {
      if (focused) tick();
    }),
    profiles.onDidChange(() => {
      void sessions.keepOnly(profiles.list());
      void Promise.all(profiles.list().map((profile) => sessions.load(profile))).then(update);
      update();
    }),
    {
      dispose: sessions.onDidChange((id) => {
        update();
        const profile = profiles.list().find((candidate) => candidate.id === id);
        if (profile !== undefined) notifySessionEnd(profile);
      }),
    },
    { dispose: () => clearTimeout(timer) },
  ];
  return {
    update,
    check: tick,
    showSigningIn(profileId, isRunning) {
      if (isRunning) signingIn.add(profileId);
      else signingIn.delete(profileId);
      update();
    },
    dispose() {
      for (const listener of listeners) listener.dispose();
    },
  };
}
