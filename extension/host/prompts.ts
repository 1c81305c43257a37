import { QuickInputButtons, window, type QuickInput, type QuickPickItem } from 'vscode';
import type { Disposable } from '../model/app.ts';
import type { InputStep, PickStep, Position, ShowStep } from '../model/wizard.ts';

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
  if (position.problem !== undefined) box.validationMessage = position.problem;
  return showInput(box, position, (settle) => [
    box.onDidChangeValue((value) => {
      box.validationMessage = value === '' ? undefined : step.validate?.(value);
    }),
    box.onDidAccept(() => {
      const problem = step.validate?.(box.value);
      if (problem === undefined) settle({ value: box.value });
      else box.validationMessage = problem;
    }),
    box.onDidTriggerButton(() => settle('back')),
  ]);
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
