FROM python:3.11-slim

# The CPU build of torch: a tenth of the size. For a GPU, build with --build-arg TORCH_INDEX=https://pypi.org/simple
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

WORKDIR /app
COPY constraints.txt ./
RUN pip install --no-cache-dir --extra-index-url ${TORCH_INDEX} --constraint constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY search search
COPY indexer indexer
COPY api api
COPY eval eval
RUN pip install --no-cache-dir --extra-index-url ${TORCH_INDEX} --constraint constraints.txt ".[offline,onnx]" \
 && useradd --create-home --uid 10001 daogou \
 && mkdir /data && chown daogou /data

USER daogou
ENV DAOGOU_DATA_DIR=/data PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["python", "-m", "api", "serve", "--host", "0.0.0.0", "--port", "8000"]
