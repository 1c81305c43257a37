import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Replacements for two native modules of the VS Code server that would need a compiler. The first writes the log files,
 * which tests read and search for secrets, so its stub writes them too. The second ends extension hosts whose server has
 * exited, which the supervisor does here.
 */
const stubs: Readonly<Record<string, string>> = {
  '@vscode/spdlog': `
const { appendFileSync, mkdirSync } = require('node:fs');
const { dirname } = require('node:path');
const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];
let globalLevel = 0;
class Logger {
  constructor(type, name, file) {
    mkdirSync(dirname(file), { recursive: true });
    this.file = file;
    this.level = globalLevel;
    this.plain = false;
  }
  write(level, message) {
    if (level < this.level) return;
    const prefix = new Date().toISOString().replace('T', ' ').replace('Z', '') + ' [' + levels[level] + '] ';
    try { appendFileSync(this.file, this.plain ? message : prefix + message + '\\n'); } catch {}
  }
  trace(message) { this.write(0, message); }
  debug(message) { this.write(1, message); }
  info(message) { this.write(2, message); }
  warn(message) { this.write(3, message); }
  error(message) { this.write(4, message); }
  critical(message) { this.write(5, message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.plain = true; }
  flush() {}
  drop() {}
}
const create = async (name, file) => new Logger('', name, file);
// Separate assignments, because named imports from CommonJS detect only these.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = (level) => { globalLevel = level; };
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
`,
  '@vscode/native-watchdog': `
exports.start = () => {};
exports.exit = (code) => process.exit(code);
`,
};

export async function writeNativeStubs(server: string): Promise<void> {
  for (const [name, source] of Object.entries(stubs)) {
    const folder = join(server, 'node_modules', name);
    await rm(join(folder, 'build'), { recursive: true, force: true });
    await writeFile(join(folder, 'index.js'), source.trimStart());
  }
}
