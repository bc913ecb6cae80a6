import asyncio, time, sys, faulthandler
from services.identity.tests.conftest import *
import services.identity.tests.conftest as c
async def test_stop(settings, mailbox, clock):
    service = build(settings, clock)
    async def watch():
        await asyncio.sleep(4)
        for t in asyncio.all_tasks():
            print(t.get_coro().__qualname__, t.cancelling()); continue
            t.print_stack(file=sys.stdout)
    for i in range(40):
        w = asyncio.create_task(watch())
        service = build(settings, clock)
        t=time.time()
        async with service.running():
            await asyncio.sleep(0.002*(i%8))
            t=time.time()
        d=time.time()-t
        print(i, round(d,3))
        w.cancel()
        try: await w
        except asyncio.CancelledError: pass
