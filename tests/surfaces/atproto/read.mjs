// The official client against the simulator. Reads its orders as JSON from stdin, prints what it saw as JSON.
// The client checks every answer, and here every record of the stream too, against the lexicons it brings.
import { AtpAgent, AppBskyActorProfile, AppBskyFeedPost, AppBskyFeedThreadgate, jsonToLex } from '@atproto/api'
import { readFileSync } from 'node:fs'

const orders = JSON.parse(readFileSync(0, 'utf8'))
const agent = new AtpAgent({ service: orders.pds })
await agent.login({ identifier: orders.identifier, password: orders.password })

const found = []
let cursor
do {
  const page = await agent.app.bsky.feed.searchPosts({ q: '*', tag: ['yyc'], limit: 7, cursor })
  found.push(page.data.posts.map((post) => post.uri))
  cursor = page.data.cursor
} while (cursor)

const open = new AtpAgent({ service: orders.appview })
const posts = await open.app.bsky.feed.getPosts({ uris: orders.uris })
const profile = await open.app.bsky.actor.getProfile({ actor: orders.identifier })
const profiles = await open.app.bsky.actor.getProfiles({ actors: orders.actors })
const handle = await open.com.atproto.identity.resolveHandle({ handle: orders.identifier })

const refusals = {}
for (const [name, call] of Object.entries({
  tooMany: () => open.app.bsky.feed.getPosts({ uris: Array(26).fill(orders.uris[0]) }),
  nobody: () => open.app.bsky.actor.getProfile({ actor: 'nobody.bsky.example' }),
  publicSearch: () => open.app.bsky.feed.searchPosts({ q: '*' }),
})) {
  refusals[name] = await call().then(() => null, (error) => [error.status, error.error])
}

const checks = {
  'app.bsky.feed.post': AppBskyFeedPost,
  'app.bsky.actor.profile': AppBskyActorProfile,
  'app.bsky.feed.threadgate': AppBskyFeedThreadgate,
}
const invalid = orders.records
  .map((record) => checks[record.$type].validateRecord(jsonToLex(record)))
  .filter((result) => !result.success)
  .map((result) => String(result.error))

console.log(JSON.stringify({
  did: agent.session.did,
  found,
  posts: posts.data.posts.map((post) => [post.uri, post.author.labels.map((label) => label.val)]),
  profile: profile.data.did,
  profiles: profiles.data.profiles.length,
  handle: handle.data.did,
  session: (await agent.com.atproto.server.getSession()).data.did,
  refusals,
  invalid,
}))
