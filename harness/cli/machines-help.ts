/** Ends of the help of merge and worker: how work is shared by machines. */
export const MERGE_HELP = `
In a GitHub workflow:
  jobs:
    shard:
      runs-on: ubuntu-latest
      strategy: { matrix: { i: [1, 2, 3] } }
      steps:
        - uses: actions/checkout@v4
        - run: npm ci && npx pmapdiff compare --shard \${{ matrix.i }}/3 > part-\${{ matrix.i }}.json
        - { uses: actions/upload-artifact@v4, with: { name: 'part-\${{ matrix.i }}', path: part-*.json } }
    merge:
      runs-on: ubuntu-latest
      needs: shard
      steps:
        - uses: actions/checkout@v4
        - { uses: actions/download-artifact@v4, with: { merge-multiple: true } }
        - run: npm ci && npx pmapdiff merge part-*.json --github`;

export const WORKER_HELP = `
Whoever can write to the queue can use this machine: hence a loopback address, or TLS and a password. bullmq and
ioredis are needed (npm install bullmq ioredis). A job names built-in revisions and workloads, and holds neither code
nor paths; one of another build, or larger or longer than it may be, is refused.

compose.yaml, for docker compose up --scale worker=4, with an image in which pmapdiff is installed:
  services:
    queue: { image: valkey/valkey, network_mode: host, command: valkey-server --bind 127.0.0.1 }
    worker: { image: pmapdiff, network_mode: host, command: npx pmapdiff worker --queue redis://127.0.0.1 }`;
