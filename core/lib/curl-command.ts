/** The shell that a command is written for: `powershell` is Windows PowerShell 5.1 and PowerShell 7 on Windows. */
export type Shell = 'posix' | 'powershell' | 'cmd';

export interface CurlCall {
  /** Default: what curl chooses, by its options. */
  readonly method?: string;
  readonly url: string;
  /** Options, with their values if they take one, such as `['--header', 'Accept: text/plain']`. */
  readonly options: readonly (readonly [name: string, value?: string])[];
}

/**
 * The shell that commands are written for unless the user says which.
 *
 * @param path of the user's shell, if known; it decides on Windows only, where shells differ.
 */
export function defaultShell(platform: NodeJS.Platform, path = ''): Shell {
  if (platform !== 'win32') return 'posix';
  if (/(?:^|[\\/])cmd(?:\.exe)?$/i.test(path)) return 'cmd';
  return /(?:^|[\\/])(?:sh|bash|zsh|fish|wsl)(?:\.exe)?$/i.test(path) ? 'posix' : 'powershell';
}

/**
 * A call of curl to paste at a prompt of `shell`. Each value reaches curl as it is, except that cmd drops CR, so that it
 * passes every line break as LF.
 */
export function formatCurl(call: CurlCall, shell: Shell): string {
  switch (shell) {
    case 'posix':
      return withArguments('curl', call, quoteForPosix, ' \\\n  ');
    case 'cmd':
      return withArguments('curl.exe', call, quoteForCmd, ' ^\n  ');
    case 'powershell':
      return withConfig(call);
  }
}

function withArguments(
  program: string,
  { method, url, options }: CurlCall,
  quote: (text: string) => string,
  separator: string,
): string {
  const start = [program, ...(method === undefined ? [] : ['--request', method]), ...globOption(url), quote(url)];
  return [start.join(' '), ...optionLines(options, quote)].join(separator);
}

function optionLines(options: CurlCall['options'], quote: (text: string) => string): string[] {
  return options.map(([name, value]) => (value === undefined ? name : `${name} ${quote(value)}`));
}

/** Without it, curl expands brackets and braces in a URL. */
function globOption(url: string): string[] {
  return /[[\]{}]/.test(url) ? ['--globoff'] : [];
}

function quoteForPosix(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Quotes for the program first, by the rules of the C runtime: backslashes escape only in front of a quotation mark. Then for
 * cmd: a caret precedes each of its special characters, including quotation marks, because between those that it recognizes
 * carets are ordinary characters. A prompt has no escape for `%NAME%`; the carets change the name to one that is not defined.
 */
function quoteForCmd(text: string): string {
  const argument = `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
  return argument.replace(/[()%!^"<>&|]|(?<=%)[^\r\n]/gu, '^$&').replace(/\r\n?|\n/g, '^\n\n');
}

/**
 * curl reads its options from stdin, because Windows PowerShell 5.1 passes quotation marks in arguments differently from
 * PowerShell 7.3, while both pass a here-string as it is. It must be `curl.exe`: in 5.1, `curl` is an alias of another command.
 */
function withConfig({ method, url, options }: CurlCall): string {
  const lines = [
    ...(method === undefined ? [] : [`--request ${method}`]),
    ...globOption(url),
    ...optionLines([['--url', url], ...options], quoteForConfig),
  ];
  const command = `@'\n${lines.join('\n')}\n'@ | curl.exe --config -`;
  // Otherwise Windows PowerShell 5.1 sends a question mark for each of these characters.
  return /[^\0-\x7f]/.test(command) ? `& { $OutputEncoding = [Text.UTF8Encoding]::new(); ${command} }` : command;
}

const configEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };

function quoteForConfig(text: string): string {
  return `"${text.replace(/["\\\n\r\t\v]/g, (character) => configEscapes[character] ?? `\\${character}`)}"`;
}
