-- A row and the event that tells of it, in one call. Each runs with the caller's rights, so policies hold inside.
-- The conversation's row is locked first, always: numbers have no gaps and two writers never deadlock.

-- Numbers `p_event` and keeps it. Events further back than `p_keep` go. Returns its seq.
create function greenroom.keep_event(p_conversation uuid, p_event jsonb, p_keep integer) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_seq bigint;
  v_owner uuid;
begin
  update public.conversations set seq = seq + 1, updated_at = clock_timestamp()
    where id = p_conversation returning seq, owner into v_seq, v_owner;
  if v_seq is null then
    raise exception 'no such conversation' using errcode = 'no_data_found';
  end if;
  insert into public.events (conversation_id, seq, owner, body)
    values (p_conversation, v_seq, v_owner, p_event || jsonb_build_object('seq', v_seq));
  if v_seq % 64 = 0 then
    delete from public.events where conversation_id = p_conversation and seq <= v_seq - p_keep;
  end if;
  return v_seq;
end $$;

-- Adds a message and keeps message.created. Returns its seq, null when its client_id is already there.
create function greenroom.add_message(p_conversation uuid, p_id uuid, p_message jsonb, p_keep integer) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_seq bigint;
  v_owner uuid;
begin
  select owner from public.conversations where id = p_conversation for update into v_owner;
  if v_owner is null then
    raise exception 'no such conversation' using errcode = 'no_data_found';
  end if;
  if exists (select from public.messages
             where conversation_id = p_conversation and client_id = p_message ->> 'client_id') then
    return null;
  end if;
  v_seq := greenroom.keep_event(
    p_conversation, jsonb_build_object('v', 1, 'type', 'message.created', 'message', p_message), p_keep);
  insert into public.messages (id, conversation_id, owner, seq, body)
    values (p_id, p_conversation, v_owner, v_seq, p_message);
  return v_seq;
end $$;

-- Replaces a message and keeps message.completed. Returns the event's seq.
create function greenroom.save_message(p_conversation uuid, p_id uuid, p_message jsonb, p_keep integer) returns bigint
language plpgsql set search_path = '' as $$
declare
  v_seq bigint;
begin
  v_seq := greenroom.keep_event(
    p_conversation, jsonb_build_object('v', 1, 'type', 'message.completed', 'message', p_message), p_keep);
  update public.messages set body = p_message where id = p_id and conversation_id = p_conversation;
  if not found then
    raise exception 'no such message' using errcode = 'no_data_found';
  end if;
  return v_seq;
end $$;

-- Adds or replaces a card and keeps card.upsert. A card that is kept already with the same or a higher rev was changed
-- by somebody else meanwhile. Returns the event's seq.
create function greenroom.save_card(p_conversation uuid, p_id uuid, p_card jsonb, p_calls jsonb, p_keep integer)
returns bigint language plpgsql set search_path = '' as $$
declare
  v_seq bigint;
  v_owner uuid;
begin
  v_seq := greenroom.keep_event(
    p_conversation, jsonb_build_object('v', 1, 'type', 'card.upsert', 'card', p_card), p_keep);
  select owner from public.conversations where id = p_conversation into v_owner;
  insert into public.cards as kept (id, conversation_id, owner, seq, body, calls)
    values (p_id, p_conversation, v_owner, v_seq, p_card, p_calls)
    on conflict (id) do update set body = excluded.body, calls = excluded.calls
      where kept.conversation_id = excluded.conversation_id and kept.rev < excluded.rev;
  if not found then
    raise exception 'this card was changed meanwhile' using errcode = 'serialization_failure';
  end if;
  return v_seq;
end $$;

revoke all on all functions in schema greenroom from public;
grant execute on all functions in schema greenroom to app_user, service_role;
