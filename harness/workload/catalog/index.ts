export const CATALOG: Readonly<Record<string, string>> = {};
export const catalogPath = (name: string): string => name;
