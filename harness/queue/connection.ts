/** The Redis, or Valkey, of `--queue`, and the libraries that reach it. */
import { isIP } from 'node:net';
import { InputError } from '../input-error.ts';

/** As both libraries take it. */
interface Connection {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls?: { readonly servername?: string };
  readonly maxRetriesPerRequest: null;
  readonly retryStrategy: () => number;
}

export interface Address {
  /** without the password, for messages */
  readonly shown: string;
  readonly options: Connection;
}

const DEFAULT_PORT = 6379;
/** Between two attempts to connect again. */
export const RETRY_MS = 500;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads the address of a queue. It must be a loopback address, or have TLS and a password: anybody who can write to the
 * queue can run code on its workers. Throws InputError, which never shows the password.
 */
export function readAddress(text: string): Address {
  const refuse: (found: string) => never = (found) => {
    throw new InputError(
      `--queue: expected redis:// to a loopback address, or rediss:// (TLS) with a password, got ${found}`,
    );
  };
  const url = URL.canParse(text) ? new URL(text) : refuse('no URL');
  const { protocol, hostname, port, pathname } = url;
  const isTls = protocol === 'rediss:';
  const shown = `${protocol}//${url.host}${pathname}`;
  if (!isTls && protocol !== 'redis:') refuse(shown);
  if (hostname === '') refuse(`${shown} without a host`);
  if (!LOOPBACK.test(hostname)) {
    if (!isTls) refuse(`${shown} without TLS`);
    if (url.password === '') refuse(`${shown} without a password`);
  }
  if (!/^(?:\/\d{0,3})?$/.test(pathname)) refuse(`${shown}: after the host, the number of a database`);
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return refuse(`${shown} with a stray % in its user or password`);
    }
  };
  const host = hostname.replaceAll(/[[\]]/g, '');
  return {
    shown,
    options: {
      host,
      port: port === '' ? DEFAULT_PORT : Number(port),
      ...(url.username === '' ? {} : { username: decoded(url.username) }),
      ...(url.password === '' ? {} : { password: decoded(url.password) }),
      db: Number(pathname.slice(1)),
      // A certificate names an address by itself, a host by its servername.
      ...(isTls ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
      maxRetriesPerRequest: null,
      retryStrategy: () => RETRY_MS,
    },
  };
}

export interface Libraries {
  readonly bullmq: typeof import('bullmq');
  readonly Redis: typeof import('ioredis').Redis;
}

/** Throws InputError: they are optional, and not installed. */
export async function loadLibraries(): Promise<Libraries> {
  try {
    const { Redis } = await import('ioredis');
    return { bullmq: await import('bullmq'), Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new InputError('--queue: expected bullmq and ioredis installed, got neither: npm install bullmq ioredis');
  }
}

const CONNECT_MS = 5000;

/** Throws Error: nothing answers there as Redis does. */
export async function refuseSilence({ Redis }: Libraries, { shown, options }: Address): Promise<void> {
  const client = new Redis({
    ...options,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    retryStrategy: () => null,
  });
  let why = '';
  client.on('error', (error: Error) => (why ||= error.message));
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    throw new Error(`--queue ${shown}: expected Redis or Valkey, got ${why || (error as Error).message}`, {
      cause: error,
    });
  } finally {
    client.disconnect();
  }
}

/** Requests and workers of one build meet in a queue; those of another have one of their own. */
export const queueName = (build: string): string => `pmapdiff-${build.slice(0, 16)}`;
