import {
  InputBoxValidationSeverity,
  QuickInputButtons,
  window,
  type InputBoxValidationMessage,
  type QuickInput,
  type QuickPickItem,
} from 'vscode';
import type { Disposable } from '../model/app.ts';
import {
  describeInput,
  inputAcceptance,
  type InputStep,
  type PickStep,
  type Position,
  type ShowStep,
} from '../model/wizard.ts';

type Result = Awaited<ReturnType<ShowStep>>;

/** Shows a step as a multi-step quick input. */
export const showStep: ShowStep = (step, position) =>
  step.kind === 'input' ? showInputBox(step, position) : showQuickPick(step, position);

function showInputBox(step: InputStep, position: Position): Promise<Result> {
  const box = window.createInputBox();
  box.prompt = step.prompt;
  box.password = step.secret === true;
  box.value = step.value ?? '';
  box.placeholder = step.placeholder ?? '';
  const describe = (): string | InputBoxValidationMessage | undefined => {
    if (box.value === '') return undefined;
    const { problem, note } = describeInput(step, box.value);
    return problem ?? (note === undefined ? undefined : { message: note, severity: InputBoxValidationSeverity.Info });
  };
  box.validationMessage = position.problem ?? describe();
  const accept = inputAcceptance(step);
  const closed = new AbortController();
  return showInput(box, position, (settle) => [
    box.onDidChangeValue(() => (box.validationMessage = describe())),
    box.onDidAccept(() => void confirm(settle)),
    box.onDidTriggerButton(() => settle('back')),
    box.onDidHide(() => closed.abort()),
  ]);

  async function confirm(settle: (result: Result) => void): Promise<void> {
    if (box.busy) return;
    box.busy = true;
    // What is typed meanwhile would not be checked.
    box.enabled = step.check === undefined;
    const outcome = await accept(box.value, closed.signal);
    if (closed.signal.aborted) return;
    box.enabled = true;
    box.busy = false;
    switch (outcome.kind) {
      case 'accepted':
        settle({ value: outcome.value });
        return;
      case 'invalid':
        box.validationMessage = outcome.problem;
        return;
      case 'doubtful':
        box.value = outcome.value;
        box.validationMessage = { message: outcome.message, severity: InputBoxValidationSeverity.Warning };
    }
  }
}

function showQuickPick(step: PickStep, position: Position): Promise<Result> {
  const list = window.createQuickPick<QuickPickItem & { readonly value: string }>();
  list.placeholder = step.prompt;
  list.items = step.items;
  list.matchOnDescription = list.matchOnDetail = true;
  const active = list.items.find(({ value }) => value === step.value);
  if (active !== undefined) list.activeItems = [active];
  return showInput(list, position, (settle) => [
    list.onDidAccept(() => {
      const chosen = list.selectedItems[0];
      if (chosen !== undefined) settle({ value: chosen.value });
    }),
    list.onDidTriggerButton(() => settle('back')),
  ]);
}

type Input = QuickInput & { buttons: readonly unknown[] };

function showInput(
  box: Input,
  { step, total, title }: Position,
  listen: (settle: (result: Result) => void) => Disposable[],
): Promise<Result> {
  return new Promise((resolve) => {
    const settle = (result: Result): void => {
      resolve(result);
      box.dispose();
      for (const listener of listeners) listener.dispose();
    };
    box.title = title;
    box.step = step;
    box.totalSteps = total;
    // Switching to a password manager or a mail with the code takes the focus away.
    box.ignoreFocusOut = true;
    if (step > 1) box.buttons = [QuickInputButtons.Back];
    const listeners = [...listen(settle), box.onDidHide(() => settle(undefined))];
    box.show();
  });
}
