import { commands as vscodeCommands, window } from 'vscode';
import type { CheckedProfile, ProfileStatus } from '../../core/profiles/index.ts';
import type { App, Disposable } from '../model/app.ts';
import { automaticRefresh } from '../model/auto-refresh.ts';
import { contextKeys } from '../model/ids.ts';
import { explainError } from '../model/messages.ts';
import { compactView } from '../view/compact-view.ts';
import { nextViewChange, signingInView, statusView } from '../view/status-view.ts';
import { tooltip } from '../view/tooltip.ts';
import type { ProfileSettings } from './profile-settings.ts';
import { secretsAreIsolated } from './secret-storage.ts';
import type { StatusItem } from './status-item.ts';

/** How long after activation only an expired token that is shown is refreshed, so that other extensions start, in ms. */
const startupDelay = 3_000;
const endCodes: ReadonlySet<string> = new Set([
  'sessionEnded',
  'refreshInterrupted',
  'invalidCredentials',
  'accountUnavailable',
]);
const signedOut: ProfileStatus = { phase: 'signedOut', refreshing: false, storage: 'kept' };

export interface StatusControllerOptions {
  readonly app: App;
  readonly profiles: ProfileSettings;
  readonly item: StatusItem;
  readonly autoRefresh: () => boolean;
  /** Whether the status item shows only what fits next to its icon. */
  readonly compact: () => boolean;
  readonly sandboxRunning: () => boolean;
}

export interface StatusController extends Disposable {
  update(): void;
  /** Updates, and refreshes what is due. */
  tick(): void;
  /** Shows whether a sign-in to a profile is running. */
  showSigningIn(profileId: string, isRunning: boolean): void;
}

/**
 * Updates the status item and the context keys on every change, at every deadline and minute, and when the window regains
 * focus, as it does after sleep. Refreshes what is due.
 */
export function statusController({
  app,
  profiles,
  item,
  autoRefresh,
  compact,
  sandboxRunning,
}: StatusControllerOptions): StatusController {
  const { sessions, t, now } = app;
  const start = performance.now();
  const reported = new Set<string>();
  const signingIn = new Set<string>();
  const context = new Map<string, boolean>();
  const phases = new Map<string, ProfileStatus['phase']>();
  /** The last problem that was logged for each profile, which is met again every minute. */
  const logged = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  const setContext = (key: string, value: boolean): void => {
    if (context.get(key) === value) return;
    context.set(key, value);
    void vscodeCommands.executeCommand('setContext', key, value);
  };

  function update(): void {
    const profile = profiles.active();
    const status = profile === undefined ? signedOut : sessions.status(profile);
    const isSigningIn = profile !== undefined && signingIn.has(profile.id);
    const view = isSigningIn ? signingInView(profile, t) : statusView(profile, status, now(), t, autoRefresh());
    item.show(
      compact() && !isSigningIn ? compactView(view, status, now(), t) : view,
      profile && tooltip(profile, status, now(), t, app.formatTime),
    );
    clearTimeout(timer);
    timer = setTimeout(tick, Math.max(1, nextViewChange(status, now()) - now()));
    setContext(contextKeys.hasProfile, profile !== undefined);
    setContext(contextKeys.signedIn, status.phase !== 'signedOut');
    setContext(
      contextKeys.anySignedIn,
      profiles.list().some((each) => sessions.status(each).phase !== 'signedOut'),
    );
    setContext(contextKeys.sandboxRunning, sandboxRunning());
  }

  /** Only a user can replace a session that has ended: notifies once, and only for the active profile. */
  function notifySessionEnd(profile: CheckedProfile): void {
    const { phase, lastError, issuedAt, refused } = sessions.status(profile);
    if (
      phase !== 'ended' ||
      lastError === undefined ||
      !endCodes.has(lastError.code) ||
      profile.id !== profiles.active()?.id
    )
      return;
    const key = `${profile.id} ${issuedAt ?? 0}`;
    if (reported.has(key)) return;
    reported.add(key);
    const again = refused === true ? 'once' : undefined;
    void app.ui.notify(explainError(lastError, profile.label, t, 'refresh', again), 'warning', profile.id);
  }

  function refreshIfDue(profile: CheckedProfile): void {
    if (!autoRefresh()) return;
    const decision = automaticRefresh(profile, sessions.status(profile), {
      active: profiles.active(),
      focused: window.state.focused,
      secretsAreIsolated,
      isStarting: performance.now() - start < startupDelay,
    });
    if (decision === 'leave') return;
    sessions.open(profile).then(
      (session) => {
        logged.delete(profile.id);
        // The session itself logs why it cannot be refreshed.
        return decision === 'refresh' ? session.accessToken().catch(() => undefined) : undefined;
      },
      (error: unknown) => {
        const problem = `${profile.label}: ${error instanceof Error ? error.message : 'could not be opened'}`;
        if (logged.get(profile.id) !== problem) app.log.warn(problem);
        logged.set(profile.id, problem);
      },
    );
  }

  function tick(): void {
    update();
    for (const profile of profiles.list()) refreshIfDue(profile);
  }

  function onSessionChange(profile: CheckedProfile): void {
    notifySessionEnd(profile);
    const { phase } = sessions.status(profile);
    // A failed refresh is not repeated here: the session knows how long to wait.
    if (phases.get(profile.id) === phase) return;
    phases.set(profile.id, phase);
    refreshIfDue(profile);
  }

  const startup = setTimeout(tick, startupDelay);
  const listeners: Disposable[] = [
    window.onDidChangeWindowState(({ focused }) => {
      if (focused) tick();
    }),
    profiles.onDidChange(() => {
      void sessions.keepOnly(profiles.list());
      void Promise.all(profiles.list().map((profile) => sessions.load(profile))).then(tick);
      update();
    }),
    {
      dispose: sessions.onDidChange((id) => {
        update();
        const profile = profiles.list().find((candidate) => candidate.id === id);
        if (profile !== undefined) onSessionChange(profile);
      }),
    },
    {
      dispose() {
        clearTimeout(startup);
        clearTimeout(timer);
      },
    },
  ];
  return {
    update,
    tick,
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
