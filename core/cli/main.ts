#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { compileCacheFolder } from './compile-cache.ts';
import { protectCrashFiles } from './crash-files.ts';

protectCrashFiles();
// Only modules that are loaded later are cached.
enableCompileCache(compileCacheFolder(process.env, process.platform));
const args = process.argv.slice(2);
const code = args.includes('token') ? await (await import('./stored-token.ts')).printStoredToken(args) : undefined;
process.exitCode = code ?? (await (await import('./program.ts')).main(args));
