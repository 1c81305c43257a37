/** What the manifest states about a setting, as far as its value is checked. */
export interface SettingSchema {
  readonly type: string;
  readonly default: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

/**
 * The value of a setting within its schema: VS Code underlines a value that the schema does not allow, but hands it over
 * all the same. A number out of range becomes the nearest one in range; a value of another type, the default.
 */
export function checkedSetting(value: unknown, schema: SettingSchema): unknown {
  const { type, minimum = -Infinity, maximum = Infinity, enum: values } = schema;
  if (typeof value !== type || Number.isNaN(value)) return schema.default;
  if (typeof value === 'number') return Math.min(Math.max(value, minimum), maximum);
  if (values !== undefined && !values.includes(value as string)) return schema.default;
  return value;
}
