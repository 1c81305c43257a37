import { QuickInputButtons, window, type QuickInput, type QuickPickItem } from 'vscode';
import type { Disposable } from '../model/app.ts';
import type { InputStep, PickStep, Position, ShowStep } from '../model/wizard.ts';

type Result = Awaited<ReturnType<ShowStep>>;

/** Steps as VS Code's own multi-step quick input. */
export const showStep: ShowStep = (step, position) =>
  step.kind === 'input' ? input(step, position) : pick(step, position);

function input(step: InputStep, position: Position): Promise<Result> {
  const box = window.createInputBox();
  box.prompt = step.prompt;
  box.password = step.secret === true;
  box.value = step.value ?? '';
  box.placeholder = step.placeholder ?? '';
  if (position.problem !== undefined) box.validationMessage = position.problem;
  return shown(box, position, (settle) => [
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

function pick(step: PickStep, position: Position): Promise<Result> {
  const list = window.createQuickPick<QuickPickItem & { readonly value: string }>();
  list.placeholder = step.prompt;
  list.items = step.items;
  list.matchOnDescription = list.matchOnDetail = true;
  const active = list.items.find(({ value }) => value === step.value);
  if (active !== undefined) list.activeItems = [active];
  return shown(list, position, (settle) => [
    list.onDidAccept(() => {
      const chosen = list.selectedItems[0];
      if (chosen !== undefined) settle({ value: chosen.value });
    }),
    list.onDidTriggerButton(() => settle('back')),
  ]);
}

type Input = QuickInput & { buttons: readonly unknown[] };

function shown(
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
    // A password manager or a mail with the code takes the focus away.
    box.ignoreFocusOut = true;
    if (step > 1) box.buttons = [QuickInputButtons.Back];
    const listeners = [...listen(settle), box.onDidHide(() => settle(undefined))];
    box.show();
  });
}
