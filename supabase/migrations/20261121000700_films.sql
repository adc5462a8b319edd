-- Who may be served which file (bytes lie on disk under their SHA-256), and the films made of replies.
create table public.assets (
  owner uuid not null references public.profiles (id) on delete cascade,
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  mime text not null check (char_length(mime) between 3 and 127),
  name text not null check (char_length(name) between 1 and 255),
  bytes bigint not null check (bytes >= 0),
  created_at timestamptz not null default now(),
  primary key (owner, digest)
);
create index assets_digest on public.assets (digest);
alter table public.assets enable row level security;
create policy own on public.assets for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.assets from anon, authenticated;
grant select on public.assets to authenticated;
grant select, insert, update, delete on public.assets to app_user, service_role;

-- `key` is the SHA-256 of the frozen recipe: one owner's same recipe is made once.
create table public.renders (
  id uuid primary key,
  owner uuid not null,
  conversation_id uuid not null,
  message_id uuid not null,
  card_id uuid not null,
  key text not null check (char_length(key) between 1 and 128),
  aspect text not null check (aspect in ('16:9', '9:16')),
  state text not null check (state in ('queued', 'running', 'ready', 'failed')),
  digest text,
  poster text,
  captions text,
  subtitles text,
  seconds double precision,
  problem text,
  attempts integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (conversation_id, owner) references public.conversations (id, owner) on delete cascade,
  unique (owner, message_id, key),
  check (state <> 'ready' or digest is not null)
);
create index renders_conversation on public.renders (conversation_id);
create index renders_card on public.renders (card_id);
create index renders_unfinished on public.renders (created_at) where state in ('queued', 'running');
alter table public.renders enable row level security;
create policy own on public.renders for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.renders from anon, authenticated;
grant select on public.renders to authenticated;
grant select, insert, update, delete on public.renders to app_user, service_role;
