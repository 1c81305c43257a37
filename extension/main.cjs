'use strict';

// `main` of the one package.json that npm and VS Code share. VS Code finds the extension in a clone; the npm package does not
// contain it, and resolvers that ignore `exports` find the library.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

module.exports = existsSync(join(__dirname, 'extension.cjs')) ? require('./extension.cjs') : require('./core/index.js');
