/*
 * The lock of daemon/gil.c, for the model checker Spin: any number of threads
 * at one lock, under each of its policies. check.sh runs it and says what is
 * to come out.
 *
 * One step of a thread here is one section under the lock's mutex there: from
 * locking it, or waking in a condition, to unlocking it, or sleeping in a
 * condition. So each step is a d_step, and what may come between two sections
 * there may come between two steps here. The inline functions are named after
 * gil.c's (gil_wait.c's, gil_tenure.c's) functions or parts of them.
 *
 * Left out: time (a deadline may pass at any moment after it was set), figures
 * and events (nothing depends on them), the tasks' turns. A number that is
 * only compared with itself, like gil.c's handover_number with what a thread
 * saw of it, is here a bit for each thread, "it has changed since": exact, and
 * finite.
 */

/* --- what is there: set with -D --- */

#define INTERVAL 0
#define TICKS 1
#define HOLD 2
#define FAIR 3

#ifndef N
#define N 2 /* threads */
#endif
#ifndef POLICY
#define POLICY INTERVAL
#endif
#ifndef FORCE
#define FORCE 1 /* who obeyed waits until another has had the lock */
#endif
#ifndef PAUSES
#define PAUSES 0 /* holders leave the lock for a while, unasked: gil_pause() */
#endif
#ifndef ENDS
#define ENDS 0 /* tasks end, others begin, threads go for good */
#endif
#ifndef INTERRUPTS
#define INTERRUPTS 0 /* so many waits are interrupted */
#endif
#ifndef ALARMS
#define ALARMS 0 /* so often all are woken for nothing */
#endif
#ifndef CHANGES
#define CHANGES 0 /* so often there are new gil_set_parameters() */
#endif

/* --- what gil.c does about it: 0 leaves it out, and breaks the lock --- */

#ifndef LOOKS
#define LOOKS 1 /* a thread takes the lock only if nobody has it */
#endif
#ifndef CLEARS
#define CLEARS 1 /* a request ends with the tenure that it was made to */
#endif
#ifndef WITHDRAWS
#define WITHDRAWS 1 /* the last waiter that gives up withdraws the request,
		     * and nobody waits for a switch that cannot come */
#endif
#ifndef PASSES_ON
#define PASSES_ON 1 /* a waiter that gives up lets the next one know */
#endif
#ifndef ANNOUNCES
#define ANNOUNCES 1 /* who takes the lock wakes who waits for the switch */
#endif
#ifndef LOOKS_AGAIN
#define LOOKS_AGAIN 1 /* who wakes there looks if there was a switch */
#endif
#ifndef TELLS_HEAD
#define TELLS_HEAD 1 /* fair: who comes to be the head is told to watch */
#endif
#ifndef TO_HEAD
#define TO_HEAD 1 /* fair: the lock goes to the head, not to the tail */
#endif
#ifndef SAME_POLICY
#define SAME_POLICY 1 /* a waiter asks by the policy that it slept under */
#endif
#ifndef TELLS_CHANGES
#define TELLS_CHANGES 1 /* new parameters are said to all who wait */
#endif

/* --- the state: struct gil, and of struct gil_thread what matters --- */

#define NOBODY N
#define ALL ((1 << N) - 1)
#define is(set, thread) (((set) >> (thread)) & 1)
#define add(set, thread) set = (set) | (1 << (thread))
#define remove(set, thread) set = (set) & ~(1 << (thread))

mtype = {
	AWAY,	/* has no task */
	WAITS,	/* in waiter_wait(), in `waiting`, asleep or about to wake */
	HOLDS,	/* has the lock, and counts */
	DOOR,	/* in open_door(), between two sections */
	OBEYS,	/* in switch_wait(), asleep or about to wake */
	PAUSED,	/* between gil_pause() and gil_resume() */
	GONE	/* for good: gil_leave() */
};
mtype at[N] = AWAY;

byte policy = POLICY;
bool force = FORCE;
byte holder = NOBODY;
bool is_granted;
byte last_holder = NOBODY;
byte yielder = NOBODY;
chan waiting = [N] of { byte };

/* Sets of threads. */
byte asked;	/* GIL_DROP is in its attention word */
byte asleep;	/* it waits, at `freed`, or under `fair` at its own `wake`; */
byte timed;	/* of these, it has a deadline; */
byte alarmed;	/* its condition was signalled all the same; */
byte unhanded;	/* no handover since: handover_number == handover_seen; */
byte untaken;	/* no acquisition since: tenure_number == tenure_seen; */
byte ruled;	/* by the same policy since: policy == policy_seen */
byte unswitched;/* no handover since it gave way: handover_number == seen */
byte obeying;	/* in switch_wait(); */
byte told;	/* of these, `switched` was broadcast since it fell asleep; */
byte pausing;	/* it is there for gil_pause() */

/* For the assertions only. */
byte inside;	/* how many count */
byte alone;	/* threads that gave way, and no other has counted since */
byte abandoned;	/* of these, meanwhile nobody waited for the lock, or there
		 * was no `force` */
#ifdef BOUND
byte overtaken[N]; /* by so many, since it came */
#endif
byte interrupts_left = INTERRUPTS;
byte alarms_left = ALARMS;
byte changes_left = CHANGES;

/* Whom a condition wakes of all that wait at it: from here on. */
byte luck;

/* In the middle of a step. */
hidden byte is_on_its_way;
hidden byte next;
hidden byte thread_i;
hidden byte is_time_to_ask;

#define forces_switch (policy == INTERVAL && force)
#define is_head(me) (len(waiting) > 0 && waiting?[eval(me)])

/* --- what must hold whenever the mutex is free (gil_private.h) --- */

/* The end of each step. */
inline invariants()
{
	if
	:: forces_switch && len(waiting) > 0 -> abandoned = abandoned & alone
	:: else -> abandoned = alone
	fi;
	/* GIL_DROP only on the holder, and only while somebody waits. */
	assert(asked == 0 || (holder != NOBODY && !is_granted));
	assert(asked == 0 || asked == (1 << holder));
	assert(asked == 0 || len(waiting) > 0);
	/* Only under a policy that asks. */
	assert(asked == 0 || policy == INTERVAL || policy == FAIR);
	/* Held by who counts, or on its way to the one that it was granted. */
	assert(inside == (holder != NOBODY && !is_granted));
	/* The lock is free and somebody waits: one is on its way. */
	is_on_its_way = holder != NOBODY || len(waiting) == 0;
	for (thread_i : 0 .. N - 1) {
		is_on_its_way = is_on_its_way ||
		    (at[thread_i] == WAITS && !is(asleep, thread_i))
	}
	assert(is_on_its_way);
	/* fair: nobody waits for what is free. */
	assert(policy != FAIR || holder != NOBODY || len(waiting) == 0);
	/* One waits for this switch at most, and it is the last holder. */
	assert(yielder == NOBODY || yielder == last_holder)
}

/* --- waking --- */

/* It woke, or is about to. */
inline sleeper_go(me)
{
	remove(asleep, me);
	remove(timed, me);
	remove(alarmed, me);
	remove(unhanded, me);
	remove(untaken, me);
	remove(ruled, me)
}

/* waiters_be_told(): the lock is free. */
inline waiters_be_told()
{
	if
	:: policy == FAIR && len(waiting) > 0 ->
		waiting?<next>;
		if
		:: TO_HEAD
		:: else ->
			/* Turned once around: `next` is the last one. */
			for (thread_i : 1 .. len(waiting)) {
				waiting?next;
				waiting!next
			}
		fi;
		holder = next;
		is_granted = true;
		sleeper_go(next)
	:: policy != FAIR && asleep != 0 ->
		next = luck;
		do
		:: is(asleep, next) -> break
		:: else -> next = (next + 1) % N
		od;
		sleeper_go(next)
	:: else
	fi
}

inline head_be_told()
{
	if
	:: policy == FAIR && len(waiting) > 0 && TELLS_HEAD ->
		waiting?<next>;
		if
		:: next != holder && is(asleep, next) -> add(alarmed, next)
		:: else
		fi
	:: else
	fi
}

/* --- drop requests --- */

inline request_send()
{
	if
	:: !is_granted -> add(asked, holder)
	:: else
	fi
}

inline request_withdraw()
{
	if
	:: holder != NOBODY -> remove(asked, holder)
	:: else
	fi
}

/* --- tenures --- */

/* What the assertions want to know of a thread that begins to count. */
inline note_entry(me)
{
	inside++;
	assert(inside == 1);
	/* handover_number knows whether another has had the lock. */
	assert(is(alone, me) == is(unswitched, me));
	/* With `force`, and somebody who waits, no request is missed. */
	assert(!is(alone, me) || is(abandoned, me));
	alone = 0;
#ifdef BOUND
	overtaken[me] = 0;
	for (thread_i : 0 .. N - 1) {
		if
		:: at[thread_i] == WAITS && thread_i != me ->
			overtaken[thread_i]++;
			assert(overtaken[thread_i] <= BOUND)
		:: else
		fi
	}
#endif
}

inline tenure_begin(me)
{
	if
	:: last_holder != NOBODY && last_holder != me ->
		unhanded = 0;
		unswitched = 0;
		/* switch_announce() */
		if
		:: yielder != NOBODY && ANNOUNCES ->
			yielder = NOBODY;
			told = obeying
		:: else
		fi
	:: else
	fi;
	untaken = 0;
	holder = me;
	is_granted = false;
	last_holder = me;
	luck = 0;
	at[me] = HOLDS;
	note_entry(me);
	remove(unswitched, me);
	head_be_told()
}

inline tenure_end(me)
{
	inside--;
	if
	:: CLEARS -> remove(asked, me)
	:: else
	fi;
	holder = NOBODY;
	waiters_be_told()
}

/* --- waiting for the lock --- */

/*
 * waiter_sleep() up to its condition, and waiter_deadline(): under `fair` only
 * the head of the queue has one, and only while there is one to ask.
 */
inline waiter_sleep(me)
{
	add(asleep, me);
	add(unhanded, me);
	add(untaken, me);
	add(ruled, me);
	if
	:: policy == INTERVAL || (policy == FAIR && is_head(me) &&
		!is_granted && asked == 0) -> add(timed, me)
	:: else
	fi
}

/* One round of waiter_stay(), after waking, and what follows in waiter_wait(). */
inline waiter_look(me)
{
	if
	:: holder == NOBODY || holder == me || !LOOKS ->
		waiting??eval(me);
		tenure_begin(me)
	:: else ->
		if
		:: is_time_to_ask -> request_send()
		:: else
		fi;
		waiter_sleep(me)
	fi;
	is_time_to_ask = false
}

/* waiter_wait() up to its first sleep. */
inline waiter_wait(me)
{
	if
	:: holder == NOBODY -> tenure_begin(me)
	:: else ->
		at[me] = WAITS;
		waiting!me;
		waiter_sleep(me)
	fi
}

inline waiter_give_up(me)
{
	at[me] = AWAY;
	remove(unswitched, me);
	remove(alone, me);
#ifdef BOUND
	overtaken[me] = 0;
#endif
	if
	:: len(waiting) == 0 && WITHDRAWS ->
		request_withdraw();
		told = obeying
	:: len(waiting) > 0 && holder == NOBODY && PASSES_ON ->
		waiters_be_told()
	:: len(waiting) > 0 && holder != NOBODY && PASSES_ON ->
		head_be_told()
	:: else
	fi
}

/* --- giving way --- */

/* The thread gives the lock up, in the middle of its task. */
inline give_way(me)
{
	add(unswitched, me);
	add(alone, me);
	tenure_end(me)
}

/* switch_wait() up to its condition. */
inline switch_wait(me)
{
	at[me] = OBEYS;
	yielder = me;
	add(obeying, me)
}

inline switch_wait_end(me)
{
	if
	:: is(unswitched, me) -> yielder = NOBODY
	:: else
	fi;
	remove(obeying, me);
	remove(told, me)
}

/* One round of its loop, after waking. */
inline switch_look(me)
{
	if
	:: LOOKS_AGAIN && is(unswitched, me) &&
	    (len(waiting) > 0 || !WITHDRAWS) && forces_switch ->
		remove(told, me)
	:: else ->
		switch_wait_end(me);
		if
		:: is(pausing, me) -> at[me] = PAUSED
		:: else -> waiter_wait(me)
		fi;
		remove(pausing, me)
	fi
}

/* --- the threads --- */

proctype thread(byte me)
{
	do
	/* gil_acquire() */
	:: d_step { at[me] == AWAY -> waiter_wait(me); invariants() }

	/* waiter_sleep() from its condition on: a release chose it; */
	:: d_step { at[me] == WAITS && !is(asleep, me) ->
		waiter_look(me); invariants() }
	/* it was woken for another reason; */
	:: d_step { is(alarmed, me) ->
		sleeper_go(me); waiter_look(me); invariants() }
	/* the deadline passed, and it asks if nothing has happened since; */
	:: d_step { is(timed, me) ->
		is_time_to_ask = is(ruled, me) && (policy == FAIR
		    -> is(untaken, me) && !is_granted
		    :  is(unhanded, me));
		sleeper_go(me); waiter_look(me); invariants() }
	/* it was interrupted, unless it was granted the lock meanwhile. */
	:: d_step { interrupts_left > 0 && at[me] == WAITS && holder != me ->
		interrupts_left--;
		sleeper_go(me); waiting??eval(me); waiter_give_up(me); invariants() }

	/* No drop request: it counts on, as long as it likes. */
	:: at[me] == HOLDS && !is(asked, me) -> skip
	/* gil_yield(), thread_obey(): by policy */
	:: d_step { at[me] == HOLDS && is(asked, me) ->
		give_way(me);
		if
		:: policy == FAIR -> waiter_wait(me)
		:: forces_switch -> switch_wait(me)
		:: else -> at[me] = DOOR
		fi;
		invariants() }
	/* gil_yield(), thread_tick() */
	:: d_step { at[me] == HOLDS && policy == TICKS ->
		give_way(me); at[me] = DOOR; invariants() }
	/* open_door(): the second section */
	:: d_step { at[me] == DOOR -> waiter_wait(me); invariants() }

	/* switch_wait() from its condition on: it was told to look; */
	:: d_step { at[me] == OBEYS && is(told, me) ->
		switch_look(me); invariants() }
	/* it was interrupted. */
	:: d_step { interrupts_left > 0 && at[me] == OBEYS ->
		interrupts_left--;
		switch_wait_end(me);
		if
		:: is(pausing, me) -> at[me] = PAUSED; add(abandoned, me)
		:: else -> waiter_give_up(me)
		fi;
		remove(pausing, me);
		invariants() }

	/* gil_pause(): with a request pending it waits for the switch; */
	:: d_step { PAUSES && at[me] == HOLDS && !is(asked, me) ->
		give_way(me); at[me] = PAUSED; add(abandoned, me);
		invariants() }
	:: d_step { PAUSES && at[me] == HOLDS && is(asked, me) ->
		give_way(me);
		if
		:: forces_switch -> add(pausing, me); switch_wait(me)
		:: else -> at[me] = PAUSED
		fi;
		invariants() }
	/* gil_resume() */
	:: d_step { at[me] == PAUSED -> waiter_wait(me); invariants() }

	/* gil_release(); and never again: gil_leave() */
	:: d_step { ENDS && at[me] == HOLDS ->
		tenure_end(me); at[me] = AWAY; invariants() }
	:: d_step { ENDS && at[me] == AWAY ->
		at[me] = GONE;
		if
		:: last_holder == me -> last_holder = NOBODY
		:: else
		fi } -> break
	od
}

/* --- who is no thread of the lock's --- */

/*
 * A condition wakes whom it likes. The dice are cast while somebody counts, and
 * count for all wake-ups until somebody does so again: cast at any time, they
 * would hide a deadlock.
 */
proctype chance()
{
end:	do
	:: d_step { inside > 0 && (asleep & (asleep - 1)) != 0 ->
		luck = (luck + 1) % N }
	od
}

/*
 * gil_set_parameters() with the old ones, after an interrupt for somebody else;
 * and a condition may wake a thread for no reason at all.
 */
proctype waker()
{
	do
	:: d_step { alarms_left > 0 ->
		alarms_left--;
		alarmed = asleep;
		told = obeying;
		invariants() }
	:: alarms_left == 0 -> break
	od
}

/* gil_set_parameters() */
inline set_parameters(new_policy, new_force)
{
	if
	:: new_policy != policy ->
		request_withdraw();
		if
		:: SAME_POLICY -> ruled = 0
		:: else
		fi
	:: else
	fi;
	policy = new_policy;
	force = new_force;
	if
	:: TELLS_CHANGES ->
		alarmed = asleep;
		told = obeying;
		if
		:: holder == NOBODY && len(waiting) > 0 -> waiters_be_told()
		:: else
		fi
	:: else
	fi;
	changes_left--
}

proctype operator()
{
	do
	:: d_step { changes_left > 0 ->
		set_parameters(INTERVAL, true); invariants() }
	:: d_step { changes_left > 0 ->
		set_parameters(INTERVAL, false); invariants() }
	:: d_step { changes_left > 0 ->
		set_parameters(TICKS, true); invariants() }
	:: d_step { changes_left > 0 ->
		set_parameters(HOLD, true); invariants() }
	:: d_step { changes_left > 0 ->
		set_parameters(FAIR, true); invariants() }
	:: changes_left == 0 -> break
	od
}

init
{
	atomic {
		byte me;

		for (me : 0 .. N - 1) {
			run thread(me)
		}
		me = 0;
		if
		:: N > 2 -> run chance()
		:: else
		fi;
		if
		:: ALARMS > 0 -> run waker()
		:: else
		fi;
		if
		:: CHANGES > 0 -> run operator()
		:: else
		fi
	}
}

/* No wait for the lock, and none for a switch, lasts for ever. */
#define is_served (at[0] != WAITS && at[0] != OBEYS)
ltl served { [] <> is_served }

/* Nor if, after whatever it was before, the policy is one that promises it. */
#define promises (policy == FAIR || (N == 2 && forces_switch))
ltl served_at_last { (<> [] promises) -> [] <> is_served }
