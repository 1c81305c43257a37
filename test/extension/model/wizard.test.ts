import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  describeInput,
  inputAcceptance,
  pressed,
  runWizard,
  type Answers,
  type Position,
  type Step,
  type WizardStart,
} from '../../../extension/model/wizard.ts';

const name: Step = { kind: 'input', id: 'name', prompt: 'Name' };
const password: Step = { kind: 'input', id: 'password', prompt: 'Password', secret: true };
const colour: Step = { kind: 'pick', id: 'colour', prompt: 'Colour', items: [{ value: 'red', label: 'Red' }] };
const shade: Step = { kind: 'input', id: 'shade', prompt: 'Shade', value: 'deep' };
const steps = ({ colour: chosen }: Answers): readonly Step[] =>
  chosen === 'red' ? [name, password, colour, shade] : [name, password, colour];

async function run(moves: readonly (string | undefined)[], start?: WizardStart) {
  const shown: (Position & { id: string; value: string | undefined })[] = [];
  const left = [...moves];
  const answers = await runWizard(
    'Title',
    steps,
    async (step, position) => {
      shown.push({ ...position, id: step.id, value: step.value });
      const move = left.shift();
      return move === undefined || move === 'back' ? move : { value: move };
    },
    start,
  );
  return { answers, shown, ids: shown.map(({ id }) => id) };
}

describe('runWizard', () => {
  it('shows the steps in order and returns the answers', async () => {
    const { answers, shown } = await run(['Ann', 'pw', 'blue']);
    assert.deepEqual(answers, { name: 'Ann', password: 'pw', colour: 'blue' });
    assert.deepEqual(
      shown.map(({ step, total, title }) => [step, total, title]),
      [
        [1, 4, 'Title'],
        [2, 4, 'Title'],
        [3, 4, 'Title'],
      ],
    );
  });

  it('counts the steps that an open choice may add, so that the total never grows', async () => {
    const kind: Step = {
      kind: 'pick',
      id: 'kind',
      prompt: 'Kind',
      items: [
        { value: 'short', label: 'Short' },
        { value: 'long', label: 'Long' },
      ],
    };
    const branching = ({ kind: chosen, colour: shade_ }: Answers): readonly Step[] =>
      chosen === undefined
        ? [kind]
        : chosen === 'short'
          ? [kind, name]
          : [kind, colour, ...(shade_ ? [shade] : []), name];
    for (const [moves, totals] of [
      [
        ['short', 'Ann'],
        [4, 2],
      ],
      [
        ['long', 'red', 'deep', 'Ann'],
        [4, 4, 4, 4],
      ],
    ] as const) {
      const left: string[] = [...moves];
      const shown: (number | undefined)[] = [];
      await runWizard('Title', branching, async (_step, { total }) => {
        shown.push(total);
        return { value: left.shift() ?? '' };
      });
      assert.deepEqual(shown, totals);
    }
  });

  it('starts over with the answer of a button that was clicked', async () => {
    const ids: string[] = [];
    const results = [{ button: 'more' }, { value: 'a' }, { value: 'b' }];
    const answers = await runWizard(
      'Title',
      ({ more }) => (more === pressed ? [name, password] : [password]),
      async ({ id }) => {
        ids.push(id);
        return results.shift();
      },
    );
    assert.deepEqual(ids, ['password', 'name', 'password']);
    assert.deepEqual(answers, { more: pressed, name: 'a', password: 'b' });
  });

  it('adds the steps that an answer requires', async () => {
    const { ids, shown } = await run(['Ann', 'pw', 'red', 'pale']);
    assert.deepEqual(ids, ['name', 'password', 'colour', 'shade']);
    assert.deepEqual([shown[3]?.step, shown[3]?.total], [4, 4]);
  });

  it('resolves undefined when cancelled at any step', async () => {
    const moves = ['Ann', 'pw', 'red', 'pale'];
    for (const [index] of moves.entries()) {
      const { answers, shown } = await run(moves.slice(0, index));
      assert.equal(answers, undefined);
      assert.equal(shown.length, index + 1);
    }
  });

  it('prefills earlier answers except secrets when the user goes back', async () => {
    const { ids, shown, answers } = await run(['Ann', 'pw', 'back', 'back', 'Bob', 'pw2', 'blue']);
    assert.deepEqual(ids, ['name', 'password', 'colour', 'password', 'name', 'password', 'colour']);
    assert.deepEqual([shown[3]?.value, shown[4]?.value, shown[5]?.value], ['', 'Ann', '']);
    assert.deepEqual(answers, { name: 'Bob', password: 'pw2', colour: 'blue' });
  });

  it('prefills a secret with the value of its step, but not when the user goes back to it', async () => {
    const values: (string | undefined)[] = [];
    const moves = [{ value: 'Ann' }, { value: 'pw' }, 'back', { value: 'pw' }] as const;
    const left: ((typeof moves)[number] | undefined)[] = [...moves];
    await runWizard(
      'Title',
      () => [name, { ...password, value: 'typed before' }, shade],
      async ({ value }) => {
        values.push(value);
        return left.shift();
      },
      { answers: { password: 'typed before' } },
    );
    assert.deepEqual(values, [undefined, 'typed before', 'deep', '', 'deep']);
  });

  it('stays at the first step when the user goes back', async () => {
    const { ids } = await run(['back', 'Ann', 'pw', 'blue']);
    assert.deepEqual(ids, ['name', 'name', 'password', 'colour']);
  });

  it('drops the steps that a changed answer no longer requires', async () => {
    const { ids } = await run(['Ann', 'pw', 'red', 'back', 'blue']);
    assert.deepEqual(ids, ['name', 'password', 'colour', 'shade', 'colour']);
  });

  it('prefills the default of a step until the user answers it', async () => {
    const { shown } = await run(['Ann', 'pw', 'red', 'back', 'red', 'pale']);
    assert.deepEqual([shown[3]?.value, shown[5]?.value], ['deep', 'deep']);
    const second = await run(['x'], {
      answers: { name: 'Ann', password: 'pw', colour: 'red', shade: 'pale' },
      at: 'shade',
    });
    assert.equal(second.shown[0]?.value, 'pale');
  });

  it('starts at the given step and shows its problem once', async () => {
    const { shown, answers } = await run(['pw', 'back', 'pw', 'blue'], {
      answers: { name: 'Ann', colour: 'blue' },
      at: 'password',
      problem: 'Rejected.',
    });
    assert.deepEqual(
      shown.map(({ id, problem }) => [id, problem]),
      [
        ['password', 'Rejected.'],
        ['colour', undefined],
        ['password', undefined],
        ['colour', undefined],
      ],
    );
    assert.equal(answers?.name, 'Ann');
  });

  it('starts at the first step when the given step does not exist', async () => {
    const { ids } = await run([undefined], { at: 'shade' });
    assert.deepEqual(ids, ['name']);
  });

  it('resolves empty answers when there are no steps', async () => {
    const answers = await runWizard(
      'Title',
      () => [],
      async () => undefined,
    );
    assert.deepEqual(answers, {});
  });
});

describe('an input', () => {
  const step = {
    kind: 'input',
    id: 'url',
    prompt: 'URL',
    tidy: (raw: string) => ({ value: raw.trim(), ...(raw !== raw.trim() && { note: 'trimmed' }) }),
    validate: (value: string) => (value === '' ? 'required' : undefined),
  } as const;
  const never = new AbortController().signal;

  it('is tidied before it is validated, described and returned', async () => {
    assert.deepEqual(describeInput(step, ' a '), { value: 'a', note: 'trimmed', problem: undefined });
    assert.deepEqual(describeInput(step, ' '), { value: '', note: 'trimmed', problem: 'required' });
    const answers = await runWizard(
      'Title',
      () => [step],
      () => Promise.resolve({ value: ' a ' }),
    );
    assert.deepEqual(answers, { url: 'a' });
  });

  it('is checked only if it is valid, and accepted without a doubt', async () => {
    const checked: string[] = [];
    const accept = inputAcceptance({ ...step, check: (value) => Promise.resolve(void checked.push(value)) });
    assert.deepEqual(await accept(' ', never), { kind: 'invalid', problem: 'required' });
    assert.deepEqual(await accept(' a ', never), { kind: 'accepted', value: 'a' });
    assert.deepEqual(checked, ['a']);
  });

  it('is confirmed by accepting the same value again, and another value is checked', async () => {
    const checked: string[] = [];
    const accept = inputAcceptance({
      ...step,
      check(value) {
        checked.push(value);
        return Promise.resolve({ message: 'doubt' });
      },
    });
    assert.deepEqual(await accept('a', never), { kind: 'doubtful', value: 'a', message: 'doubt' });
    assert.deepEqual(await accept('b', never), { kind: 'doubtful', value: 'b', message: 'doubt' });
    assert.deepEqual(await accept('b', never), { kind: 'accepted', value: 'b' });
    assert.deepEqual(checked, ['a', 'b']);
  });

  it('is replaced by what a check proposes, once that is accepted', async () => {
    const accept = inputAcceptance({ ...step, check: () => Promise.resolve({ message: 'doubt', value: 'better' }) });
    assert.deepEqual(await accept('a', never), { kind: 'doubtful', value: 'better', message: 'doubt' });
    assert.deepEqual(await accept('better', never), { kind: 'accepted', value: 'better' });
  });
});
