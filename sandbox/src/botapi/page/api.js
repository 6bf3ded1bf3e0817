// The world as the server knows it: read once, then kept up to date by its events.

export async function get(path) {
  const response = await fetch(`/sandbox/${path}`);
  if (!response.ok) throw Object.assign(new Error(await problem(response)), { status: response.status });
  return response.json();
}

export async function post(path, body, method = 'POST') {
  const response = await fetch(`/sandbox/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  if (!response.ok) throw Object.assign(new Error(await problem(response)), { status: response.status });
  return response.json();
}

async function problem(response) {
  const text = await response.text();
  try {
    const body = JSON.parse(text);
    return body.description || body.error || text;
  } catch {
    return text || response.statusText;
  }
}

export const world = {
  seq: 0,
  bot: { id: 0, first_name: '', username: '' },
  profile: {},
  commands: [],
  people: new Map(),
  groups: new Map(),
  chats: new Map(), // chat id → Map(message id → stored message)
  confirmedBelow: 0,
};

function keep(stored) {
  const chat = stored.message.chat.id;
  if (!world.chats.has(chat)) world.chats.set(chat, new Map());
  const messages = world.chats.get(chat);
  const old = messages.get(stored.message.message_id);
  if (!old || old.changed <= stored.changed) messages.set(stored.message.message_id, stored);
  world.seq = Math.max(world.seq, stored.changed);
}

async function load() {
  const state = await get('state');
  Object.assign(world, { seq: state.seq, bot: state.bot, profile: state.profile, commands: state.commands });
  world.confirmedBelow = state.confirmed_below;
  world.people = new Map(state.people.map((person) => [person.user.id, person]));
  world.groups = new Map(state.groups.map((group) => [group.chat.id, group]));
  world.chats = new Map();
  state.messages.forEach(keep);
}

// Calls `changed(event)` after each change; the event `hello` means that everything may be new.
export function follow(changed) {
  const source = new EventSource('/sandbox/events');
  let queue = Promise.resolve();
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    // One after the other: events that come while the state is being read wait for it.
    queue = queue.then(() => take(event)).then(() => changed(event)).catch((error) => console.error(error));
  };
  source.onerror = () => changed({ type: 'offline' });
}

async function take(event) {
  switch (event.type) {
    case 'hello':
    case 'profile': return load();
    case 'message': return keep(event.message);
    case 'person': return void world.people.set(event.person.user.id, event.person);
    case 'group': return void world.groups.set(event.group.chat.id, event.group);
    case 'confirmed': world.confirmedBelow = Math.max(world.confirmedBelow, event.below);
  }
}

// Messages of a chat as a user sees them, oldest first, without the deleted ones.
export function messagesOf(chat, user) {
  const seen = ({ deleted, message }) => !deleted && (!message.receiver_user || message.receiver_user.id === user);
  return [...(world.chats.get(chat)?.values() ?? [])].filter(seen).sort((a, b) => a.created - b.created);
}

// Chats of a player: the bot first known, then the groups.
export function chatsOf(user) {
  const groups = [...world.groups.values()].filter((group) => group.members.includes(user));
  return [user, ...groups.map((group) => group.chat.id)];
}

export function chatTitle(chat) {
  return world.groups.get(chat)?.chat.title ?? world.bot.first_name;
}

export const fullName = (user) => [user.first_name, user.last_name].filter(Boolean).join(' ');

// The commands that the bot's menu has in a chat.
export function commandsIn(chat, language) {
  const scopes = chat < 0 ? [`chat:${chat}`, 'all_group_chats', 'default'] : [`chat:${chat}`, 'all_private_chats', 'default'];
  for (const scope of scopes) {
    for (const wanted of [language, '']) {
      const found = world.commands.find((list) => list.scope === scope && list.language === wanted);
      if (found?.commands.length) return found.commands;
    }
  }
  return [];
}
