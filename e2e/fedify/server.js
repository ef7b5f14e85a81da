// `node server.js --host 127.0.0.3 --port 8000`: one ActivityPub server, in memory, whose name is its address.
//
//   --actors NAME,NAME        who lives here (the first acts where a request names nobody); `peer` when not said
//   --locked NAME,NAME        who of them is asked before somebody follows
//   --first-knock KIND        how requests are signed first: `cavage` or `rfc9421` (the other follows where it is refused)
//   --accepts KIND            the one kind of signature its inboxes take; any when not said
//   --authorized-fetch        nothing but the actor of the server itself is shown to requests without a signature
//
// README.md of the folder above says what its control interface does.

import { parseArgs } from 'node:util'
import { Control } from './lib/control.js'
import { federate } from './lib/federation.js'
import { serve } from './lib/http.js'
import { INSTANCE, World } from './lib/world.js'

// Fedify asks who its runtime is; Node has said it since version 21 and does everything else that fedify needs in 20.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node}` }

const names = (text) => text.split(',').filter(Boolean)

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    actors: { type: 'string', default: 'peer' },
    locked: { type: 'string', default: '' },
    'first-knock': { type: 'string', default: 'rfc9421' },
    accepts: { type: 'string', default: '' },
    'authorized-fetch': { type: 'boolean', default: false },
  },
})

const world = new World({
  origin: `http://${values.host}:${values.port}`,
  firstKnock: values['first-knock'],
  accepts: values.accepts || null,
  authorizedFetch: values['authorized-fetch'],
})
for (const name of names(values.actors)) await world.newActor(name, { locked: names(values.locked).includes(name) })

await world.newActor(INSTANCE)

const federation = federate(world)
const control = new Control(world, federation)
const server = await serve(world, federation, control, values.host, Number(values.port))
console.log(`listening on ${world.origin}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    process.exit(0)
  })
}
