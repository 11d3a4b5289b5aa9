/** What was given to the program cannot be used: one line says who, what was expected and what was found. Exit code 2. */
export class InputError extends Error {}
