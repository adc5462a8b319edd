-- Personas people make; the shipped ones are files. `body` is the whole core.models.Persona. An id names one persona for
-- everybody: faces and knowledge are found by it alone.
create table public.personas (
  id text primary key check (char_length(id) between 1 and 64),
  owner uuid not null references public.profiles (id) on delete cascade,
  body jsonb not null check (body ->> 'id' = id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index personas_owner on public.personas (owner);
alter table public.personas enable row level security;
create policy own on public.personas for all to authenticated
  using ((select auth.uid()) = owner) with check ((select auth.uid()) = owner);
revoke all on public.personas from anon, authenticated;
grant select on public.personas to authenticated;
grant select, insert, update, delete on public.personas to app_user, service_role;
