import {
  InputBoxValidationSeverity,
  QuickInputButtons,
  ThemeIcon,
  window,
  type InputBoxValidationMessage,
  type QuickInput,
  type QuickInputButton,
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
  type StepResult,
} from '../model/wizard.ts';

/** Shows a step as a multi-step quick input. */
export const showStep: ShowStep = (step, position) =>
  step.kind === 'input' ? showInputBox(step, position) : showQuickPick(step, position);

function showInputBox(step: InputStep, position: Position): Promise<StepResult> {
  const box = window.createInputBox();
  box.prompt = step.prompt;
  box.password = step.secret === true;
  box.value = step.value ?? '';
  box.placeholder = step.placeholder ?? '';
  // VS Code shows a validation message in place of the prompt, which then moves to the title.
  const showMessage = (message: string | InputBoxValidationMessage | undefined): void => {
    box.validationMessage = message;
    box.title = message === undefined ? position.title : `${position.title}: ${step.prompt}`;
  };
  const describe = (): string | InputBoxValidationMessage | undefined => {
    if (box.value === '') return undefined;
    const { problem, note } = describeInput(step, box.value);
    return problem ?? (note === undefined ? undefined : { message: note, severity: InputBoxValidationSeverity.Info });
  };
  const buttons = (step.buttons ?? []).map(({ id, label, icon }) => ({
    id,
    tooltip: label,
    iconPath: new ThemeIcon(icon),
  }));
  const accept = inputAcceptance(step);
  const closed = new AbortController();
  const shown = showInput(box, position, buttons, (settle) => [
    box.onDidChangeValue(() => showMessage(describe())),
    box.onDidAccept(() => void confirm(settle)),
    box.onDidTriggerButton((clicked) => {
      const button = buttons.find((candidate) => candidate === clicked);
      settle(button === undefined ? 'back' : { button: button.id });
    }),
    box.onDidHide(() => closed.abort()),
  ]);
  showMessage(position.problem ?? describe());
  return shown;

  async function confirm(settle: (result: StepResult) => void): Promise<void> {
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
        showMessage(outcome.problem);
        return;
      case 'doubtful':
        box.value = outcome.value;
        showMessage({ message: outcome.message, severity: InputBoxValidationSeverity.Warning });
    }
  }
}

function showQuickPick(step: PickStep, position: Position): Promise<StepResult> {
  const list = window.createQuickPick<QuickPickItem & { readonly value: string }>();
  list.placeholder = step.prompt;
  list.items = step.items;
  list.matchOnDescription = list.matchOnDetail = true;
  const active = list.items.find(({ value }) => value === step.value);
  if (active !== undefined) list.activeItems = [active];
  return showInput(list, position, [], (settle) => [
    list.onDidAccept(() => {
      const chosen = list.selectedItems[0];
      if (chosen !== undefined) settle({ value: chosen.value });
    }),
    list.onDidTriggerButton(() => settle('back')),
  ]);
}

type Input = QuickInput & { buttons: readonly QuickInputButton[] };

function showInput(
  box: Input,
  { step, total, title }: Position,
  buttons: readonly QuickInputButton[],
  listen: (settle: (result: StepResult) => void) => Disposable[],
): Promise<StepResult> {
  return new Promise((resolve) => {
    const settle = (result: StepResult): void => {
      resolve(result);
      box.dispose();
      for (const listener of listeners) listener.dispose();
    };
    box.title = title;
    if (total !== undefined && total > 1) {
      box.step = step;
      box.totalSteps = total;
    }
    // Switching to a password manager or a mail with the code takes the focus away.
    box.ignoreFocusOut = true;
    box.buttons = [...(step > 1 ? [QuickInputButtons.Back] : []), ...buttons];
    const listeners = [...listen(settle), box.onDidHide(() => settle(undefined))];
    box.show();
  });
}
