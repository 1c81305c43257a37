/** One step of a multi-step quick input. */
export type Step = InputStep | PickStep;

interface StepBase {
  readonly id: string;
  readonly prompt: string;
}

export interface InputStep extends StepBase {
  readonly kind: 'input';
  /** Masked, also where `value` prefills it. Empty when the user goes back to it. */
  readonly secret?: boolean;
  readonly value?: string;
  readonly placeholder?: string;
  /** Shown in the title bar. The wizard starts over with the answer `pressed` to the id of the one that is clicked. */
  readonly buttons?: readonly StepButton[];
  /** Leaves out of an entered value what cannot belong to it. */
  readonly tidy?: (value: string) => Tidied;
  /** Returns an error message for a tidied value, or undefined if it is valid. */
  readonly validate?: (value: string) => string | undefined;
  /** Looks at a valid value once it is accepted, such as whether its server responds. */
  readonly check?: (value: string, signal: AbortSignal) => Promise<Doubt | undefined>;
}

/** A value as it is used, and a note for the user if it differs from what was entered or could be unintended. */
export interface Tidied {
  readonly value: string;
  readonly note?: string;
}

/** Why a value may be wrong although it is valid. Accepting it again confirms it. */
export interface Doubt {
  readonly message: string;
  /** What is proposed in its place. */
  readonly value?: string;
}

/** What an input box shows about the text in it. */
export function describeInput(step: InputStep, raw: string): Tidied & { readonly problem: string | undefined } {
  const tidied = step.tidy?.(raw) ?? { value: raw };
  return { ...tidied, problem: step.validate?.(tidied.value) };
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly value: string }
  | { readonly kind: 'invalid'; readonly problem: string }
  /** `value` is to be shown, and confirmed by accepting it. */
  | { readonly kind: 'doubtful'; readonly value: string; readonly message: string };

/** What happens when the user accepts the text of one input box. */
export function inputAcceptance(step: InputStep): (raw: string, signal: AbortSignal) => Promise<Acceptance> {
  let offered: string | undefined;
  return async (raw, signal) => {
    const { value, problem } = describeInput(step, raw);
    if (problem !== undefined) return { kind: 'invalid', problem };
    if (step.check === undefined || value === offered) return { kind: 'accepted', value };
    const doubt = await step.check(value, signal);
    if (doubt === undefined) return { kind: 'accepted', value };
    offered = doubt.value ?? value;
    return { kind: 'doubtful', value: offered, message: doubt.message };
  };
}

export interface StepButton {
  readonly id: string;
  readonly label: string;
  /** Name of a codicon. */
  readonly icon: string;
}

/** The answer to a button that was clicked. */
export const pressed = 'pressed';

export interface PickStep extends StepBase {
  readonly kind: 'pick';
  readonly items: readonly {
    readonly value: string;
    readonly label: string;
    readonly description?: string;
    readonly detail?: string;
  }[];
  readonly value?: string;
}

export type Answers = Readonly<Record<string, string>>;

export interface Position {
  /** Starts at 1. */
  readonly step: number;
  /** The most steps that there can be, so that it never grows; undefined for a step that is not part of a sequence. */
  readonly total: number | undefined;
  readonly title: string;
  /** Validation message shown as soon as the step opens. */
  readonly problem?: string | undefined;
}

/** Undefined if the user cancelled. */
export type StepResult = { readonly value: string } | { readonly button: string } | 'back' | undefined;

export type ShowStep = (step: Step, position: Position) => Promise<StepResult>;

export interface WizardStart {
  readonly answers?: Answers;
  /** Id of the first step to show; `answers` must cover the steps before it. */
  readonly at?: string;
  readonly problem?: string;
}

/**
 * Shows the steps that `steps` returns for the answers so far, with a Back button. Resolves undefined if the user cancels
 * at any step.
 */
export async function runWizard(
  title: string,
  steps: (answers: Answers) => readonly Step[],
  show: ShowStep,
  { answers: given = {}, at, problem }: WizardStart = {},
): Promise<Answers | undefined> {
  let answers = given;
  let index = Math.max(0, at === undefined ? 0 : steps(answers).findIndex((step) => step.id === at));
  let pendingProblem = problem;
  const typedSecrets = new Set<string>();
  for (;;) {
    const list = steps(answers);
    const step = list[index];
    if (step === undefined) return answers;
    const previous = answers[step.id];
    const filled = withValue(step, typedSecrets.has(step.id) ? '' : isSecret(step) ? step.value : previous);
    const total = mostSteps(steps, answers);
    const result = await show(filled, { step: index + 1, total, title, problem: pendingProblem });
    pendingProblem = undefined;
    if (result === undefined) return undefined;
    if (result === 'back') {
      index = Math.max(0, index - 1);
    } else if ('button' in result) {
      answers = { ...answers, [result.button]: pressed };
      index = 0;
    } else {
      const value = step.kind === 'input' ? describeInput(step, result.value).value : result.value;
      answers = { ...answers, [step.id]: value };
      if (isSecret(step)) typedSecrets.add(step.id);
      index++;
    }
  }
}

function isSecret(step: Step): boolean {
  return step.kind === 'input' && step.secret === true;
}

function withValue(step: Step, value: string | undefined): Step {
  return value === undefined ? step : { ...step, value };
}

/** The most steps that can follow these answers: what the user still chooses may add some. */
function mostSteps(steps: (answers: Answers) => readonly Step[], answers: Answers): number {
  const list = steps(answers);
  const open = list.find((step): step is PickStep => step.kind === 'pick' && answers[step.id] === undefined);
  const values = open?.items.map(({ value }) => value) ?? [];
  return Math.max(
    list.length,
    ...values.map((value) => mostSteps(steps, open === undefined ? answers : { ...answers, [open.id]: value })),
  );
}
