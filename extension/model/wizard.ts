/** One question of a multi-step input. */
export type Step = InputStep | PickStep;

interface StepBase {
  readonly id: string;
  readonly prompt: string;
}

export interface InputStep extends StepBase {
  readonly kind: 'input';
  /** Typed unseen and not offered again when the user comes back to it. */
  readonly secret?: boolean;
  readonly value?: string;
  readonly placeholder?: string;
  /** What is wrong with the value, or undefined. */
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
  /** From 1. */
  readonly step: number;
  readonly total: number;
  readonly title: string;
  /** Shown at once, as if the validation had failed. */
  readonly problem?: string | undefined;
}

/** Shows one step; undefined when the user gave up. */
export type ShowStep = (step: Step, position: Position) => Promise<{ readonly value: string } | 'back' | undefined>;

export interface WizardStart {
  readonly answers?: Answers;
  /** Begin at this step, with the answers before it taken as given. */
  readonly at?: string;
  readonly problem?: string;
}

/**
 * Asks the steps that the answers so far call for, with a way back. Resolves undefined when the user gives up at any step.
 */
export async function runWizard(
  title: string,
  steps: (answers: Answers) => readonly Step[],
  show: ShowStep,
  { answers: given = {}, at, problem }: WizardStart = {},
): Promise<Answers | undefined> {
  let answers = given;
  let index = Math.max(0, at === undefined ? 0 : steps(answers).findIndex((step) => step.id === at));
  let shownProblem = problem;
  for (;;) {
    const list = steps(answers);
    const step = list[index];
    if (step === undefined) return answers;
    const secret = step.kind === 'input' && step.secret === true;
    const before = answers[step.id];
    const filled = secret || before === undefined ? step : { ...step, value: before };
    const result = await show(filled, { step: index + 1, total: list.length, title, problem: shownProblem });
    shownProblem = undefined;
    if (result === undefined) return undefined;
    if (result === 'back') {
      index = Math.max(0, index - 1);
    } else {
      answers = { ...answers, [step.id]: result.value };
      index++;
    }
  }
}
