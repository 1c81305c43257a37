// @types/node-forge covers neither the deep path nor these two functions, which forge exports for block-level use.
declare module 'node-forge/lib/aes.js' {
  /** Key schedule of 32-bit words. */
  type Schedule = readonly number[];
  const aes: {
    _expandKey(key: number[], decrypt: boolean): Schedule;
    _updateBlock(schedule: Schedule, input: number[], output: number[], decrypt: boolean): void;
  };
  export default aes;
}
