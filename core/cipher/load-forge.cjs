/*
 * CommonJS, because `require` is the only form that loads forge synchronously on first use, so that importing the library
 * does not load it, and that every bundler follows.
 */
exports.loadForgeAes = () => require('node-forge/lib/aes.js');
