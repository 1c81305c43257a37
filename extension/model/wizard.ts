/** One step of a multi-step quick input. */
export type Step = InputStep | PickStep;

interface StepBase {
  readonly id: string;
  readonly prompt: string;
}

export interface InputStep extends StepBase {
  readonly kind: 'input';
  /** Masked while typing, and not prefilled when the user goes back. */
  readonly secret?: boolean;
  readonly value?: string;
  readonly placeholder?: string;
  /** Returns an error message, or undefined if the value is valid. */
  readonly validate?: (value: string) => string | undefined;
}

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
  readonly total: number;
  readonly title: string;
  /** Validation message shown as soon as the step opens. */
  readonly problem?: string | undefined;
}

/** Shows one step; resolves undefined if the user cancelled. */
export type ShowStep = (step: Step, position: Position) => Promise<{ readonly value: string } | 'back' | undefined>;

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
  for (;;) {
    const list = steps(answers);
    const step = list[index];
    if (step === undefined) return answers;
    const isSecret = step.kind === 'input' && step.secret === true;
    const previous = answers[step.id];
    const filled = isSecret || previous === undefined ? step : { ...step, value: previous };
    const result = await show(filled, { step: index + 1, total: list.length, title, problem: pendingProblem });
    pendingProblem = undefined;
    if (result === undefined) return undefined;
    if (result === 'back') {
      index = Math.max(0, index - 1);
    } else {
      answers = { ...answers, [step.id]: result.value };
      index++;
    }
  }
}
