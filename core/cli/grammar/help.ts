import type { Argument, Option, Verb } from './verb.ts';
import { commonOptions } from './verbs.ts';

/** Columns that every help fits in. */
const width = 100;

/** The line that shows how a verb is called. */
function usageLine({ name, arguments: args = [], command, options = [] }: Verb): string {
  return [
    name,
    ...args.map(formatArgument),
    ...options.map((option) => `[${formatOption(option)}]${option.repeats ? '...' : ''}`),
    ...(command === undefined ? [] : [`-- ${command}...`]),
  ].join(' ');
}

function formatArgument({ name, optional, choices }: Argument): string {
  const shown = choices === undefined || name === 'METHOD' ? name : choices.join('|');
  return optional === true ? `[${shown}]` : shown;
}

function formatOption({ name, short, value }: Option): string {
  const shown = short !== undefined && value !== undefined ? `-${short}` : `--${name}`;
  return value === undefined ? shown : `${shown} ${value}`;
}

/** The help of one verb, or the list of several. */
export function programHelp(verbs: readonly Verb[]): string {
  const [only] = verbs;
  if (verbs.length === 1 && only !== undefined) return verbHelp(only);
  const groups = [...new Set(verbs.map(({ group }) => group))].map((group) => {
    const rows = verbs.filter((verb) => verb.group === group).map((verb) => [shortUsage(verb), verb.text] as const);
    return `${group}\n${columns(rows, 28)}`;
  });
  return `Sign in to a partner API once, and call it from any tool.

Usage: partner-auth COMMAND [arguments]

${groups.join('\n\n')}

NAME is the id of a profile. Without it, PARTNER_AUTH_PROFILE or the only profile counts.
partner-auth COMMAND --help prints its options and examples. --version prints the version.

Start here
  partner-auth demo
  partner-auth profile add mail --partner bizmail --base-url https://mail.example.com
  partner-auth login mail
  partner-auth token mail
`;
}

/** The verb with its arguments, without options. */
export function shortUsage({ name, arguments: args = [], command }: Verb): string {
  const names = args.map((argument) => (argument.optional === true ? `[${argument.name}]` : argument.name));
  return [name, ...names, ...(command === undefined ? [] : [`-- ${command}...`])].join(' ');
}

function verbHelp(verb: Verb): string {
  const { text, notes, options = [], examples } = verb;
  const rows = [...options, ...commonOptions].map((option) => [optionTerm(option), optionText(option)] as const);
  const sections = [
    `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`,
    wrap(`Usage: partner-auth ${usageLine(verb)}`, width, '         '),
    ...(notes === undefined ? [] : [wrap(notes, width)]),
    `Options\n${columns(rows, 26)}`,
    `Examples\n${examples.map((example) => `  partner-auth ${example}`).join('\n')}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function optionTerm({ name, short, value }: Option): string {
  const letter = short === undefined ? '    ' : `-${short}, `;
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function optionText({ text, choices }: Option): string {
  return choices === undefined ? text : `${text}: ${choices.join(', ')}`;
}

/** Two columns, of which the first has a width of `first` where its cells fit. */
function columns(rows: readonly (readonly [string, string])[], first: number): string {
  const indent = ' '.repeat(first + 4);
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, width - indent.length).split('\n');
      const start = term.length <= first ? `  ${term.padEnd(first + 2)}` : `  ${term}\n${indent}`;
      return `${start}${lines.join(`\n${indent}`)}`;
    })
    .join('\n');
}

function wrap(text: string, limit: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  // Not inside brackets, so that an option stays next to its value.
  for (const word of text.match(/\[[^\]]*\](?:\.\.\.)?|\S+/g) ?? []) {
    if (line !== '' && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
