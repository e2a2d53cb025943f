// Defines the types of a row of the settings table (SettingRow) and of the objects in a list (ObjectRow). The rows are
// next to this file; types, defaults, checks and docs are derived from them in core/config/.
export type SettingType =
  | 'string'
  | 'path'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'strings'
  | 'paths'
  | 'secret'
  | 'receivers'
  | 'tokens'
  | 'grants'
  | 'timeIntervals'
  | 'teams'
  | 'teamDefinitions'
  | 'route';

export interface SettingRow {
  readonly name: string;
  readonly type: SettingType;
  readonly default: unknown;
  readonly help: string;
  readonly minimum?: number;
  /** Largest length, in characters, of one text of a list. */
  readonly maxLength?: number;
  readonly values?: readonly string[];
  /** Environment variable. Only secrets and settings that a container must be able to pass have one. */
  readonly env?: string;
  /**
   * True if other programs of the machine read the same variable. Its lower-case name is then read too, and the
   * settings file takes precedence over it, because the file is about Jobtrace alone.
   */
  readonly isOfMachine?: true;
  /** True if hardly anybody needs the setting. */
  readonly isAdvanced?: true;
}

/** Type of one object in a list. */
export interface ObjectRow {
  readonly schema: { readonly properties: Readonly<Record<string, object>> } & Readonly<Record<string, unknown>>;
  /** Default values of an object's properties. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /**
   * Properties that may be in a file of their own (`urlFile`), each with a function that returns what is wrong with the
   * content of that file.
   */
  readonly secrets: Readonly<Record<string, (content: string) => string | undefined>>;
  /** Names of the properties that are paths, relative to the file in which they are written. */
  readonly paths?: readonly string[];
  /** Lists of objects within an object. */
  readonly lists?: Readonly<Record<string, ObjectRow>>;
}
