-- Conversations, their messages, cards and kept events. (conversation_id, owner) points at the conversation as a pair,
-- so a row can never hang on somebody else's conversation and each policy is one comparison.
create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  owner uuid not null references public.profiles (id) on delete cascade,
  persona_id text not null check (char_length(persona_id) between 1 and 64),
  title text not null default '' check (char_length(title) <= 200),
  seq bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, owner)
);
create index conversations_newest on public.conversations (owner, updated_at desc);
alter table public.conversations enable row level security;
create policy own on public.conversations for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.conversations from anon, authenticated;
grant select on public.conversations to authenticated;
grant select, insert, update, delete on public.conversations to app_user, service_role;

-- `body` is the whole core.models.Message, `seq` that of the event which announced it: the reading order.
create table public.messages (
  id uuid primary key,
  conversation_id uuid not null,
  owner uuid not null,
  seq bigint not null,
  body jsonb not null,
  state text not null generated always as (body ->> 'state') stored,
  client_id text generated always as (body ->> 'client_id') stored,
  foreign key (conversation_id, owner) references public.conversations (id, owner) on delete cascade,
  unique (conversation_id, seq),
  unique (conversation_id, client_id)
);
create index messages_owner on public.messages (owner);
create index messages_streaming on public.messages (id) where state = 'streaming';
alter table public.messages enable row level security;
create policy own on public.messages for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.messages from anon, authenticated;
grant select on public.messages to authenticated;
grant select, insert, update, delete on public.messages to app_user, service_role;

-- `body` is the core.models.Card people see, `calls` what each of its buttons does: action id -> Call.
create table public.cards (
  id uuid primary key,
  conversation_id uuid not null,
  owner uuid not null,
  seq bigint not null,
  body jsonb not null,
  calls jsonb not null default '{}',
  rev integer not null generated always as ((body ->> 'rev')::integer) stored,
  foreign key (conversation_id, owner) references public.conversations (id, owner) on delete cascade
);
create index cards_conversation on public.cards (conversation_id, seq);
create index cards_owner on public.cards (owner);
alter table public.cards enable row level security;
create policy own on public.cards for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.cards from anon, authenticated;
grant select (id, conversation_id, owner, seq, body, rev) on public.cards to authenticated;
grant select, insert, update, delete on public.cards to app_user, service_role;

-- Kept events, numbered without gaps per conversation: what a browser that was away is sent.
create table public.events (
  conversation_id uuid not null,
  seq bigint not null,
  owner uuid not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (conversation_id, seq),
  foreign key (conversation_id, owner) references public.conversations (id, owner) on delete cascade
);
create index events_owner on public.events (owner);
alter table public.events enable row level security;
create policy own on public.events for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.events from anon, authenticated;
grant select on public.events to authenticated;
grant select, insert, update, delete on public.events to app_user, service_role;
