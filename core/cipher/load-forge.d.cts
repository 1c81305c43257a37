/** Key schedule of 32-bit words. */
type Schedule = readonly number[];

/** What forge exports for block-level use; @types/node-forge does not cover it. */
interface ForgeAes {
  _expandKey(key: number[], decrypt: boolean): Schedule;
  _updateBlock(schedule: Schedule, input: number[], output: number[], decrypt: boolean): void;
}

export declare function loadForgeAes(): ForgeAes;
