-- What people asked to be remembered. `key` is the text without case, spacing and punctuation: a fact is kept once.
create table public.memories (
  id uuid primary key default gen_random_uuid(),
  owner uuid not null references public.profiles (id) on delete cascade,
  text text not null check (char_length(text) between 1 and 2000),
  key text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (owner, key)
);
alter table public.memories enable row level security;
create policy own on public.memories for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.memories from anon, authenticated;
grant select on public.memories to authenticated;
grant select, insert, update, delete on public.memories to app_user, service_role;
