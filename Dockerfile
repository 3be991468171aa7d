# The runtime alone: cameras, verdicts and the live page, without torch.
FROM python:3.12-slim AS build
COPY . /src
RUN pip install --no-cache-dir --prefix=/install '/src[camera,serve]'

FROM python:3.12-slim
COPY --from=build /install /usr/local
ENV EDGEDF_CACHE=/tmp/edgedf PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8765
# Without its token the page answers 403: then it is there.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import http.client, sys; page = http.client.HTTPConnection('127.0.0.1', 8765, timeout=4); \
page.request('GET', '/'); sys.exit(page.getresponse().status != 403)"]
ENTRYPOINT ["edgedf"]
CMD ["watch", "0", "--serve", "0.0.0.0:8765"]
